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
  const all = async <T>(name: string, schema: z.ZodType<T>): Promise<T[]> =>
    (await db.collection(name).find({}).toArray()).map((doc) => schema.parse(doc));
  const [events, places, encounters, rooms, records] = await Promise.all([
    all('events', event),
    all('places', place),
    all('encounters', encounter),
    all('rooms', room),
    all('audit', audit),
  ]);
  return { events, places, encounters, rooms, audit: records };
}
