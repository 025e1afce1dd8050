import type { Db } from 'mongodb';
import { z } from 'zod';
import type { Found } from './types.ts';

const event = z.object({
  stream: z.string(),
  epoch: z.int(),
  seq: z.int(),
  at: z.number(),
  v: z.int(),
  type: z.string(),
  data: z.unknown(),
  cmd: z.string().optional(),
  effects: z.array(z.object({ id: z.string(), kind: z.string(), state: z.string() })).optional(),
  due: z.number().optional(),
  committed: z.number().optional(),
});
const place = z.object({
  _id: z.string(),
  patientId: z.string(),
  sessionId: z.string(),
  active: z.boolean().optional(),
  joiningSince: z.number().optional(),
});
const encounter = z.object({
  _id: z.string(),
  entryId: z.string(),
  patientId: z.string(),
  status: z.string(),
  endedAt: z.number().nullable(),
});
const room = z.object({ _id: z.string(), status: z.string() });
const audit = z.object({
  accountId: z.string(),
  action: z.string(),
  phase: z.string(),
  entryId: z.string().optional(),
  sessionId: z.string().optional(),
  patientId: z.string().optional(),
});

/** Everything durable, read from the database itself and not through a hub. */
export async function readFound(db: Db): Promise<Found> {
  const names = ['events', 'places', 'encounters', 'rooms', 'audit'];
  const all = await Promise.all(
    names.map(async (name) => [name, await db.collection(name).find({}).toArray()] as const),
  );
  const tables = new Map<string, readonly unknown[]>(all);
  return foundIn((name) => tables.get(name) ?? []);
}

/** The same from documents at hand. */
export function foundIn(table: (name: string) => readonly unknown[]): Found {
  const all = <T>(name: string, schema: z.ZodType<T>): T[] => table(name).map((doc) => schema.parse(doc));
  return {
    events: all('events', event),
    places: all('places', place),
    encounters: all('encounters', encounter),
    rooms: all('rooms', room),
    audit: all('audit', audit),
  };
}
