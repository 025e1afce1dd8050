import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MongoServerError, type Db } from 'mongodb';
import { z } from 'zod';
import type { Doc } from '../../../server/store/mongo.ts';
import { durable } from '../../../server/store/mongo.ts';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import type { Context } from '../context.ts';

/** Whether what was acknowledged is still there after the power went. */
export const durability: Check = {
  id: 'durability',
  title: 'Durability',
  run: async (context) => {
    const engine = await engineSettings(context.dataDir);
    const db = await context.database().catch(() => null);
    if (db === null) return together([engine, skipped('the database cannot be asked')]);
    const [topology, storage, written] = await Promise.all([
      topologyOf(db, context),
      storageOf(db),
      acknowledged(db, context.options.answerMs),
    ]);
    return together([engine, topology, storage, written]);
  },
};

/** What the embedded engine must never be set to; PostgreSQL, "Asynchronous Commit" and "fsync". */
const needed = ['fsync', 'synchronous_commit', 'full_page_writes'];

/** The settings it starts with, where this user may read them. */
async function engineSettings(dataDir: string): Promise<Outcome> {
  const folder = path.join(dataDir, 'database/documentdb/cluster');
  // In the order in which they are read: the last one that names it counts.
  const texts = await Promise.all(
    ['postgresql.conf', 'nadi.conf', 'postgresql.auto.conf'].map((file) =>
      readFile(path.join(folder, file), 'utf8').catch(() => ''),
    ),
  );
  const text = texts.join('\n');
  if (text.trim() === '') return skipped('no embedded engine here that this user may look into');
  const off = needed.filter((name) => {
    const values = [...text.matchAll(new RegExp(`^\\s*${name}\\s*=?\\s*'?(\\w+)`, 'gm'))];
    return /^(off|false|no|0)$/.test(values.at(-1)?.[1] ?? 'on');
  });
  if (off.length === 0) return ok('the embedded engine writes to disk before it answers');
  return fail(
    `the embedded engine answers before it has written: ${off.join(', ')} is off`,
    'Remove that setting (postgresql.auto.conf, nadi.conf in the data folder) and start again.',
  );
}

const hello = z.object({
  setName: z.string().optional(),
  hosts: z.array(z.string()).optional(),
  msg: z.string().optional(),
});

async function topologyOf(db: Db, { embedded, mode }: Context): Promise<Outcome> {
  const told = hello.parse(await db.admin().command({ hello: 1 }));
  if (told.msg === 'isdbgrid') return ok('a sharded cluster');
  if (told.setName === undefined) {
    if (embedded || mode === 'demo') return ok('one server: the backups are its only copy');
    const remedy = 'Make it a replica set (three members for a clinic that must not stop), or be sure of the backups.';
    return warn('one server without a replica set: its disk is the only copy', remedy);
  }
  const members = told.hosts?.length ?? 1;
  if (members < 3) return warn(`a replica set of ${members}`, 'With three members one may fail.');
  return ok(`a replica set of ${members}`);
}

const status = z.object({ storageEngine: z.object({ name: z.string(), persistent: z.boolean().optional() }) });

async function storageOf(db: Db): Promise<Outcome> {
  // Needs clusterMonitor: without it there is nothing to tell.
  const told = status.safeParse(
    await db
      .admin()
      .command({ serverStatus: 1 })
      .catch(() => null),
  );
  if (!told.success) return skipped('the engine does not tell how it stores');
  const { name, persistent } = told.data.storageEngine;
  if (persistent !== false && !/inMemory|ephemeral/i.test(name)) return ok(`stored by ${name}`);
  return fail(`the database keeps everything in memory (${name}): a restart empties it`, 'Use the WiredTiger engine.');
}

/** Writes one document as the hub writes, and takes it away. */
async function acknowledged(db: Db, answerMs: number): Promise<Outcome> {
  const probes = db.collection<Doc>('doctor', { writeConcern: { ...durable, wtimeoutMS: answerMs } });
  const _id = `probe-${process.pid}-${Date.now()}`;
  try {
    const { acknowledged: yes } = await probes.insertOne({ _id });
    if (!yes) return fail('the database does not acknowledge writes', 'Remove w=0 from MONGODB_URI.');
    return ok('writes are acknowledged by the majority, on disk');
  } catch (error) {
    const readOnly = error instanceof MongoServerError && (error.code === 13 || error.code === 10107);
    if (readOnly) return fail('our user may not write', 'Give it readWrite on the database of MONGODB_DB.');
    return fail(
      `a durable write is not acknowledged: ${messageOf(error)}`,
      'Is the majority of the replica set alive, with journals?',
    );
  } finally {
    await probes.deleteOne({ _id }).catch(() => undefined);
  }
}
