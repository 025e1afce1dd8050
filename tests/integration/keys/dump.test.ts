import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attachment } from '../../../shared/state/chat.ts';
import type { SpooledRecording } from '../../../shared/contract/sfuRecording.ts';
import { reply as replySchema } from '../../../shared/contract/wire.ts';
import { NodeSpool } from '../../../server/recordings/NodeSpool.ts';
import { Recordings } from '../../../server/recordings/Recordings.ts';
import { createRepos } from '../../../server/store/Repos.ts';
import { Spool } from '../../../sfu/recording/Spool.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment } from '../../support/hub.ts';
import { startHubProcess, type HubProcess } from '../../support/hubProcess.ts';
import { findIn, formsOf, rawCollections } from '../../support/markers.ts';
import { keysOf } from '../../support/repos.ts';
import { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
let env: Record<string, string>;
let hub: HubProcess;
let folder: string;
const clients: TestClient[] = [];

beforeAll(async () => {
  database = await testDatabase();
  env = { ...hubEnvironment(database).env };
  folder = await mkdtemp(join(tmpdir(), 'nadi-dump-'));
  hub = await startHubProcess(env);
});
afterAll(async () => {
  for (const client of clients) client.close();
  await hub.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const planted: Record<string, string> = {};
/** A text that occurs nowhere by chance, part of it in Hindi. */
function marker(where: string, hindi = true): string {
  return (planted[where] = `${hindi ? 'दर्द ' : ''}zq${randomBytes(9).toString('hex')}${hindi ? ' खाँसी' : ''}`);
}

async function as(who: string): Promise<TestClient> {
  const client = await TestClient.as(hub.url, who);
  clients.push(client);
  return client;
}

async function upload(who: TestClient, body: Uint8Array, type: string, name: string): Promise<string> {
  const response = await fetch(`${hub.url}/api/v1/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${who.signedIn.accessToken}`,
      'content-type': type,
      'x-file-name': encodeURIComponent(name),
    },
    body: new Uint8Array(body),
  });
  const answer = replySchema.parse(await response.json());
  return attachment.parse(answer.ok ? answer.data : null).id;
}

/** A node whose only recording holds this sound. */
class OneRecording extends NodeSpool {
  readonly #found: SpooledRecording;
  readonly #sound: Buffer;

  constructor(found: SpooledRecording, sound: Buffer) {
    super('http://127.0.0.1:9', 'none');
    this.#found = found;
    this.#sound = sound;
  }
  override list(): Promise<SpooledRecording[]> {
    return Promise.resolve([this.#found]);
  }
  override async *content(): AsyncGenerator<Buffer, void, undefined> {
    yield await Promise.resolve(this.#sound);
  }
  override stored(): Promise<void> {
    return Promise.resolve();
  }
}

describe('a dump of all that is stored', () => {
  test('the search itself finds a text in every form', async () => {
    const text = marker('control');
    for (const [form, bytes] of formsOf(text)) {
      expect(findIn(Buffer.concat([randomBytes(50), bytes, randomBytes(50)]), { text })).toContain(`text: ${form}`);
    }
    for (const [i, around] of ['', 'a', 'ab', 'abc'].entries()) {
      const encoded = Buffer.from(`${around}${text}xyz`).toString('base64');
      expect(findIn(Buffer.from(encoded), { text })).toContain(`text: base64+${i % 3}`);
    }
    const other = await testDatabase();
    try {
      await other.db.collection('anything').insertOne({ deep: [{ text }], blob: Buffer.from(text, 'utf16le') });
      const raw = (await rawCollections(other.db)).get('anything') ?? Buffer.alloc(0);
      expect(findIn(raw, { text })).toEqual(['text: utf8', 'text: utf16le']);
    } finally {
      await other.drop();
    }
    delete planted['control'];
  });

  test('of a whole day nothing that was said, written, sent or recorded is readable', async () => {
    const [patient, doctor, staff] = [await as('patient'), await as('doctor'), await as('staff')];
    const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
    for (const { entryId, state } of (await patient.call('queue.history', { limit: 20 })).places) {
      if (state === 'waiting') await patient.call('queue.leave', { entryId });
    }
    const wish = { sessionId, patientId, mode: 'video', reason: marker('reason') } as const;
    const { entryId } = await patient.call('queue.join', wish);
    const walkIn = { name: 'Gita Rani', age: 40, gender: 'female', reason: marker('reason of a walk-in') } as const;
    await staff.call('queue.addWalkIn', { sessionId, ...walkIn });
    const seen = { vitals: { pulse: 93 }, note: marker('triage note'), priority: 'urgent' } as const;
    await staff.call('queue.triage', { sessionId, entryId, ...seen });

    const text = Buffer.from(`${marker('text file')}\n`.repeat(50));
    const photo = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#276' } })
      .withExif({ IFD0: { ImageDescription: marker('camera’s note', false) } })
      .jpeg()
      .toBuffer();
    expect(findIn(photo, planted)).toEqual(['camera’s note: utf8']);
    const files = [
      await upload(patient, text, 'text/plain', `${marker('name of a text file')}.txt`),
      await upload(patient, photo, 'image/jpeg', `${marker('name of a photo', false)}.jpg`),
    ];
    await upload(patient, Buffer.from(marker('file not posted')), 'text/plain', `${marker('its name')}.txt`);
    await patient.call('chat.send', { threadId: entryId, text: marker('visit chat'), attachments: files });
    const { messageId } = await doctor.call('chat.send', { threadId: entryId, text: marker('before an edit') });
    await doctor.call('chat.edit', { threadId: entryId, messageId, text: marker('edit') });
    const gone = await patient.call('chat.send', { threadId: entryId, text: marker('taken back') });
    await patient.call('chat.delete', { threadId: entryId, messageId: gone.messageId });
    for (const kind of ['waiting', 'direct'] as const) {
      const { threadId } = await patient.call('chat.open', { kind, entryId });
      await patient.call('chat.send', { threadId, text: marker(`${kind} chat`) });
    }
    const team = await staff.call('chat.open', { kind: 'staff', clinicId });
    await staff.call('chat.send', { threadId: team.threadId, text: marker('staff chat') });
    await doctor.call('chat.search', { threadId: entryId, text: marker('searched words') });
    await doctor.op('chat.send', { threadId: entryId, text: marker('refused'), attachments: [entryId] });
    await doctor.http('/api/v1/chat/send', { body: { threadId: entryId, text: marker('broken request'), wrong: 1 } });

    // Sound: in the node's spool, and taken into the store by the hub's own code.
    const log = pino({ level: 'silent' });
    const sound = Buffer.from(marker('sound').repeat(3_000));
    const ids = { id: crypto.randomUUID(), recording: crypto.randomUUID(), room: entryId, epoch: 1, peer: 'doctor' };
    const spool = await Spool.open(folder, env['NADI_SFU_SECRET'] ?? '', log);
    const writer = await spool.begin({ ...ids, startedAt: 1_000 });
    writer.append(sound, (error) => {
      throw error;
    });
    await writer.close();
    await spool.finish(ids.id, { bytes: writer.bytes, lengthMs: 5_000, packets: 1, interrupted: false });
    const spooled = { ...ids, startedAt: 1_000, lengthMs: 5_000, bytes: sound.length, complete: true };
    const node = new OneRecording({ ...spooled, interrupted: false, packets: 1 }, sound);
    const keys = keysOf({ env, database });
    const repos = createRepos(database.db, keys);
    const nodes = { live: () => [{ control: 'here', bootId: 'b', client: '', load: 0 }] } as never;
    const recordings = new Recordings({
      ...{ db: database.db, repos, keys, nodes, log },
      spoolOf: () => node,
      now: Date.now,
      retentionMs: 1_000_000,
    });
    await recordings.collect();
    const sha256 = createHash('sha256').update(sound).digest('hex');
    expect((await repos.recordings.get(ids.id))?.sha256).toBe(sha256);

    // Everything it sets off has happened.
    await until(
      'every effect to be done',
      async () => !(await database.db.collection('events').findOne({ due: { $exists: true } })),
    );
    const raw = await rawCollections(database.db);
    expect([...raw.keys()]).toEqual(
      expect.arrayContaining(['events', 'places', 'triages', 'files', 'uploads.chunks', 'recordings.chunks']),
    );
    expect(Object.keys(planted).length).toBeGreaterThan(18);
    for (const [name, bytes] of raw) expect([name, findIn(bytes, planted)]).toEqual([name, []]);
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      expect([file.name, findIn(await readFile(join(file.parentPath, file.name)), planted)]).toEqual([file.name, []]);
    }
    await hub.close();
    expect(hub.log().length).toBeGreaterThan(0);
    expect(findIn(Buffer.from(hub.log().join('\n')), planted)).toEqual([]);
  });
});
