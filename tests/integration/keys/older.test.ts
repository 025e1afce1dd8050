import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { GridFSBucket, ObjectId } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatKind } from '../../../server/chat/kind.ts';
import { chatSubject } from '../../../server/chat/subject.ts';
import { Messages } from '../../../server/chat/Messages.ts';
import { Files } from '../../../server/files/Files.ts';
import { EventSealer } from '../../../server/keys/EventSealer.ts';
import { MasterKeys } from '../../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../../server/keys/PatientKeys.ts';
import { countUnsealed, sealOlder } from '../../../server/keys/sealOlder.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import { migrate, migrations } from '../../../server/store/migrations/index.ts';
import { createRepos } from '../../../server/store/Repos.ts';
import { Streams } from '../../../server/store/streams/index.ts';
import { newId } from '../../../server/support/ids.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('what an older version wrote in the clear is readable, and sealed when the new one starts', async () => {
  const { db } = database;
  const [threadId, patientId, author] = [newId(), newId(), newId()];
  const keys = new PatientKeys(db, new MasterKeys([randomBytes(32).toString('base64')]), Date.now);
  const repos = createRepos(db, keys);
  const subjectOf = chatSubject(repos);
  const sealing = new EventSealer(keys, { chat: subjectOf });
  await repos.threads.insert({ _id: threadId, kind: 'direct', clinicId: newId(), patientId, lastSeq: 0, lastAt: 0 });

  // As the version before wrote it.
  const old = new Streams({ db, hub: 'old', now: Date.now }).of(chatKind);
  const [messageId, fileId, contentId] = [newId(), newId(), new ObjectId()];
  const shown = { id: fileId, name: 'xray-of-old.txt', type: 'text/plain', bytes: 9, thumbnail: false } as const;
  const command = (key: string) => ({ key, accountId: author, role: 'patient' });
  await old.command(threadId, command('1'), () => {
    const data = { messageId, author, text: 's1.old pain', attachments: [shown] };
    return { type: 'posted', data };
  });
  await old.command(threadId, command('2'), () => ({ type: 'edited', data: { messageId, text: 'older pain' } }));
  await old.command(threadId, command('3'), () => ({ type: 'deleted', data: { messageId } }));
  const bucket = new GridFSBucket(db, { bucketName: 'uploads' });
  await new Promise<void>((resolve) => {
    bucket.openUploadStreamWithId(contentId, 'content').end(Buffer.from('old bytes'), () => resolve());
  });
  const doc = { owner: author, state: 'ready', contentId: contentId.toHexString(), ...shown, createdAt: 1 };
  const { id: _id, thumbnail: _none, ...rest } = doc;
  await db.collection<Doc>('files').insertOne({ _id: fileId, ...rest, threadId, messageId });

  const texts = async (): Promise<unknown[]> => {
    const chats = new Streams({ db, hub: newId(), now: Date.now, sealing }).of(chatKind);
    return (await chats.before(threadId, 9, 9)).map((event) => event.data);
  };
  const files = new Files({
    ...{ db, repos, keys, subjectOf, now: Date.now },
    messages: new Messages(new Streams({ db, hub: 'files', now: Date.now, sealing }).of(chatKind)),
  });
  const content = async (): Promise<string> => {
    const file = await repos.files.get(fileId);
    if (!file) throw new Error('the file is gone');
    return `${file.name}: ${(await buffer(files.read(file, { start: 0, end: file.bytes }))).toString()}`;
  };
  const asWritten = await texts();
  expect(asWritten[0]).toMatchObject({ text: 's1.old pain', attachments: [shown] });
  expect(await content()).toBe('xray-of-old.txt: old bytes');
  expect(await countUnsealed(db)).toEqual({ events: 2, files: 1 });

  await expect(migrate(db)).rejects.toThrow('NADI_KEY');
  await migrate(db, Date.now, migrations, keys);
  expect(await countUnsealed(db)).toEqual({ events: 0, files: 0 });
  expect(await sealOlder(db, keys)).toEqual({ events: 0, files: 0 });
  const dump = JSON.stringify([
    await db.collection('events').find().toArray(),
    await db.collection('files').find().toArray(),
    (await db.collection('uploads.chunks').find().toArray()).map((chunk) => String(chunk['data'])),
  ]);
  for (const word of ['old pain', 'older pain', 'xray-of-old', 'old bytes']) expect(dump).not.toContain(word);
  expect(await texts()).toEqual(asWritten);
  expect(await content()).toBe('xray-of-old.txt: old bytes');
  expect(await db.collection('uploads.files').countDocuments()).toBe(1);
});
