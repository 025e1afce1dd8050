import { Agenda } from 'agenda';
import { MongoBackend } from '@agendajs/mongo-backend';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { useDatabase } from './support.ts';

const fixture = useDatabase();
let connection: mongoose.Connection;

beforeAll(async () => {
  connection = await mongoose.createConnection(fixture.uri, { dbName: fixture.db.databaseName }).asPromise();
});
afterAll(async () => {
  await connection.close();
});

describe('mongoose', () => {
  it('validates, indexes, versions, populates and reports duplicates', async () => {
    const Doctor = connection.model('Doctor', new mongoose.Schema({ name: { type: String, required: true } }));
    const visits = new mongoose.Schema(
      {
        doctor: { type: mongoose.Schema.Types.ObjectId, ref: 'Doctor' },
        token: { type: String, required: true, unique: true },
        vitals: [{ kind: String, value: Number }],
        open: Boolean,
        room: String,
      },
      { timestamps: true, optimisticConcurrency: true },
    );
    visits.index({ room: 1 }, { unique: true, partialFilterExpression: { open: true } });
    const Visit = connection.model('Visit', visits);
    await Visit.init();

    const doctor = await Doctor.create({ name: 'Asha' });
    const visit = await Visit.create({ doctor: doctor._id, token: 'A-001', open: true, room: '1' });
    expect(visit.createdAt).toBeInstanceOf(Date);
    await expect(Visit.create({ token: 'A-001' })).rejects.toMatchObject({ code: 11000, keyPattern: { token: 1 } });
    await expect(Visit.create({ token: 'A-002', open: true, room: '1' })).rejects.toMatchObject({ code: 11000 });
    await Visit.create({ token: 'A-003', open: false, room: '1' });

    visit.vitals.push({ kind: 'pulse', value: 72 });
    await visit.save();
    const stale = await Visit.findOne({ token: 'A-001' });
    const current = await Visit.findOne({ token: 'A-001' });
    current?.vitals.push({ kind: 'pulse', value: 80 });
    await current?.save();
    stale?.set('room', '9');
    await expect(stale?.save()).rejects.toThrow(mongoose.Error.VersionError);

    const found = await Visit.findOne({ 'vitals.value': { $gte: 80 } })
      .populate('doctor', 'name')
      .lean();
    expect(found).toMatchObject({ doctor: { name: 'Asha' }, vitals: [{ value: 72 }, { value: 80 }] });
    expect(
      await Visit.findOneAndUpdate({ token: 'A-001', open: true }, { open: false }, { returnDocument: 'after' }).lean(),
    ).toMatchObject({ open: false });
    expect(await Visit.find({}, 'token', { sort: { token: -1 }, limit: 1 }).lean()).toMatchObject([{ token: 'A-003' }]);
    const counted: unknown[] = await Visit.aggregate([{ $group: { _id: '$open', n: { $sum: 1 } } }]);
    expect(counted).toEqual([{ _id: false, n: 2 }]);
    const tokens: string[] = [];
    for await (const row of Visit.find().sort({ token: 1 }).batchSize(1).cursor()) tokens.push(row.token);
    expect(tokens).toEqual(['A-001', 'A-003']);
  });
});

describe('Agenda', () => {
  it('runs what is due now and what repeats, within its concurrency, and once over two workers', async () => {
    const backend = () => new MongoBackend({ mongo: fixture.db, collection: 'jobs', ensureIndex: true });
    const workers = [
      new Agenda({ backend: backend(), processEvery: 100 }),
      new Agenda({ backend: backend(), processEvery: 100 }),
    ];
    const ran: unknown[] = [];
    let running = 0;
    let most = 0;
    let ticks = 0;
    for (const agenda of workers) {
      agenda.define(
        'remind',
        async (job) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          ran.push(job.attrs.data);
          running--;
        },
        { concurrency: 2 },
      );
      agenda.define('sweep', async () => void ticks++);
    }
    try {
      for (const agenda of workers) await agenda.start();
      for (let n = 0; n < 10; n++) await workers[0]?.now('remind', { n });
      await workers[1]?.every('0.2 seconds', 'sweep');
      await until('ten reminders ran', () => ran.length >= 10, { timeoutMs: 30_000 });
      await until('the sweep ran three times', () => ticks >= 3, { timeoutMs: 30_000 });
      expect(ran).toHaveLength(10);
      expect(new Set(ran.map((data) => JSON.stringify(data))).size).toBe(10);
      expect(most).toBeLessThanOrEqual(4);
    } finally {
      for (const agenda of workers) await agenda.stop();
    }
  });
});
