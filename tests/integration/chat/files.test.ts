import { request as httpRequest } from 'node:http';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { reply as replySchema } from '../../../shared/contract/wire.ts';
import { attachment, type Attachment } from '../../../shared/state/chat.ts';
import { Files } from '../../../server/files/Files.ts';
import { Messages } from '../../../server/chat/Messages.ts';
import { chatKind } from '../../../server/chat/kind.ts';
import { chatSubject } from '../../../server/chat/subject.ts';
import { createRepos } from '../../../server/store/Repos.ts';
import { keysOf, sealingOf } from '../../support/repos.ts';
import { Streams } from '../../../server/store/streams/index.ts';
import { uuid } from '../../support/histories.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { snapshot, takePlace } from './support.ts';

let hub: TestHub;
let patient: TestClient;
let doctor: TestClient;
let stranger: TestClient;
let threadId: string;
let photo: Buffer;
beforeAll(async () => {
  hub = await testHub();
  [patient, doctor, stranger] = [await hub.as('patient'), await hub.as('doctor'), await hub.as('patient2')];
  threadId = (await takePlace(hub, patient)).entryId;
  photo = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#276' } })
    .jpeg()
    .withExif({ IFD0: { Copyright: 'CAMERA-OWNER' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '12/1 58/1 0/1' } })
    .toBuffer();
});
afterAll(async () => {
  await hub.close();
});

async function post(
  who: TestClient,
  body: Uint8Array | string,
  type: string,
  name = 'photo.jpg',
  more: Record<string, string> = {},
): Promise<{ status: number; code: string; file: Attachment | null }> {
  const response = await fetch(`${hub.url}/api/v1/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${who.signedIn.accessToken}`,
      'content-type': type,
      'x-file-name': encodeURIComponent(name),
      ...more,
    },
    body: body as BodyInit,
  });
  const reply = replySchema.parse(await response.json());
  return {
    status: response.status,
    code: reply.ok ? 'OK' : reply.error.code,
    file: reply.ok ? attachment.parse(reply.data) : null,
  };
}
async function uploaded(who: TestClient, body: Uint8Array = photo, type = 'image/jpeg', name = 'photo.jpg') {
  const { file, code } = await post(who, body, type, name);
  if (!file) throw new Error(code);
  return file;
}
/** Nothing of an upload that failed is left anywhere. */
async function leftovers(): Promise<{ files: number; contents: number; chunksWithout: number }> {
  const { db } = hub.database;
  const files = await db.collection('files').find().toArray();
  const known = new Set(files.flatMap((file) => [String(file['contentId']), String(file['thumbnailId'])]));
  const contents = await db.collection('uploads.files').find().toArray();
  const chunks = await db.collection('uploads.chunks').distinct('files_id');
  return {
    files: files.filter((file) => file['state'] !== 'ready').length,
    contents: contents.filter((one) => !known.has(String(one._id))).length,
    chunksWithout: chunks.filter((one) => !known.has(String(one))).length,
  };
}

describe('[E1] what is taken in', () => {
  test('a photo with size and a small picture without what the camera noted', async () => {
    expect(photo.toString('latin1')).toContain('CAMERA-OWNER');
    const file = await uploaded(patient, photo, 'image/jpeg', '../../My photo\u202e.exe');
    expect(file).toMatchObject({ type: 'image/jpeg', bytes: photo.length, thumbnail: true, width: 900, height: 600 });
    expect(file.name).toBe('My photo.exe.jpg');
    const small = await patient.http(`/api/v1/files/${file.id}/thumbnail`);
    const picture = Buffer.from(await small.arrayBuffer());
    const { format, width, exif, xmp } = await sharp(picture).metadata();
    expect([format, width, exif, xmp]).toEqual(['webp', 320, undefined, undefined]);
    expect(picture.toString('latin1')).not.toContain('CAMERA-OWNER');
  });

  const pdf = Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF');
  const markup = '<html><script>alert(1)</script></html>';
  const refused: [string, string | Uint8Array, string][] = [
    [
      'a program that calls itself a picture',
      Buffer.from('MZ\x90\0\x03\0\0\0'.padEnd(5_000, 'x'), 'latin1'),
      'image/png',
    ],
    [
      'a program that calls itself text',
      Buffer.from('\x7fELF\x02\x01\x01\0'.padEnd(5_000, 'x'), 'latin1'),
      'text/plain',
    ],
    ['a page that calls itself a picture', markup, 'image/png'],
    ['a page that calls itself text', `\n ${markup}`, 'text/plain'],
    ['an SVG that calls itself text', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'text/plain'],
    ['an SVG, whatever it calls itself', '<?xml version="1.0"?><svg/>', 'image/svg+xml'],
    ['a page as a page', markup, 'text/html'],
    ['a PDF that calls itself a picture', pdf, 'image/jpeg'],
    ['a page in front of a PDF', Buffer.concat([Buffer.from(markup), pdf]), 'application/pdf'],
    [
      'a picture’s first bytes and then a page',
      Buffer.concat([Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0', 'latin1'), Buffer.from(markup)]),
      'image/jpeg',
    ],
    ['text that is none', Buffer.from('fine at first '.repeat(600) + '\0\x01'), 'text/plain'],
    ['text that is no UTF-8', Buffer.from([0x68, 0x69, 0xff, 0xfe, 0x41]), 'text/plain'],
  ];
  test.each(refused)('refused: %s', async (_what, body, type) => {
    const before = await hub.database.db.collection('files').countDocuments();
    expect(await post(patient, body, type)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(await hub.database.db.collection('files').countDocuments()).toBe(before);
    expect(await leftovers()).toEqual({ files: 0, contents: 0, chunksWithout: 0 });
  });

  test('refused: a picture with more pixels than anybody photographs', async () => {
    const bomb = await sharp({ create: { width: 9_000, height: 9_000, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    expect(await post(patient, bomb, 'image/png')).toMatchObject({ status: 415 });
    expect(await leftovers()).toEqual({ files: 0, contents: 0, chunksWithout: 0 });
  });

  test('a PDF and a Hindi text are fine; an empty file, none, or one without a name is not', async () => {
    expect((await uploaded(patient, pdf, 'application/pdf', 'blood.pdf')).thumbnail).toBe(false);
    const text = await uploaded(patient, Buffer.from('नमस्ते\r\n\tदवा: दिन में दो बार'), 'text/plain', 'दवा.txt');
    expect(text.name).toBe('दवा.txt');
    expect(await post(patient, '', 'text/plain')).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await post(patient, photo, 'image/jpeg', '', {})).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await post(patient, photo, 'image/jpeg', 'x', { 'x-file-name': '%E0%A4' })).toMatchObject({
      code: 'INVALID_INPUT',
    });
    const anonymous = await fetch(`${hub.url}/api/v1/files`, { method: 'POST', body: 'x' });
    expect(anonymous.status).toBe(401);
  });

  test('too large: refused by its word, and by its bytes when it hides them', async () => {
    const large = Buffer.alloc(limits.fileBytes + 1, 'a');
    expect(await post(patient, large, 'text/plain')).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    const chunked = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += 256 * 1024) controller.enqueue(large.subarray(at, at + 256 * 1024));
        controller.close();
      },
    });
    const response = await fetch(`${hub.url}/api/v1/files`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${patient.signedIn.accessToken}`,
        'content-type': 'text/plain',
        'x-file-name': 'a.txt',
      },
      body: chunked,
      duplex: 'half',
    } as RequestInit).catch(() => null);
    // The hub may have closed before all was sent; either way nothing is left.
    if (response) expect(response.status).toBe(413);
    await until('nothing left of it', async () => {
      const left = await leftovers();
      return left.files + left.contents + left.chunksWithout === 0;
    });
  });

  test('an upload that breaks off leaves nothing', async () => {
    const { port } = new URL(hub.url);
    const request = httpRequest({
      port,
      method: 'POST',
      path: '/api/v1/files',
      headers: {
        authorization: `Bearer ${patient.signedIn.accessToken}`,
        'content-type': 'image/jpeg',
        'x-file-name': 'half.jpg',
        'content-length': '2000000',
      },
    });
    request.on('error', () => undefined);
    request.write(Buffer.concat([photo, Buffer.alloc(600_000)]));
    const half = { state: 'uploading' };
    await until('the upload to have begun', () => hub.database.db.collection('files').findOne(half));
    request.destroy();
    await until('it to be gone', async () => !(await hub.database.db.collection('files').findOne(half)));
    expect(await leftovers()).toEqual({ files: 0, contents: 0, chunksWithout: 0 });
  });

  test('a repeat with the same request id is the same file', async () => {
    const key = { 'idempotency-key': 'same-upload-1' };
    const first = await post(patient, photo, 'image/jpeg', 'a.jpg', key);
    expect(await post(patient, photo, 'image/jpeg', 'a.jpg', key)).toEqual(first);
    // Another account's same id is another file.
    expect((await post(doctor, photo, 'image/jpeg', 'a.jpg', key)).file?.id).not.toBe(first.file?.id);
  });
});

describe('[E1] who is given it', () => {
  const get = async (who: TestClient, id: string, more: Record<string, string> = {}) =>
    await who.http(`/api/v1/files/${id}`, { headers: more });

  test('before it is posted its uploader, then the people of the thread, after it was taken back nobody', async () => {
    const file = await uploaded(patient, photo, 'image/jpeg', 'मेरी रिपोर्ट.jpg');
    expect([(await get(patient, file.id)).status, (await get(doctor, file.id)).status]).toEqual([200, 404]);
    const { messageId } = await patient.call('chat.send', { threadId, text: '', attachments: [file.id] });
    const { state } = await snapshot(doctor, threadId);
    expect(state.messages.at(-1)).toMatchObject({ id: messageId, attachments: [file] });
    const given = await get(doctor, file.id);
    expect(Buffer.from(await given.arrayBuffer()).equals(photo)).toBe(true);
    expect(Object.fromEntries(given.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    });
    expect(given.headers.get('content-disposition')).toMatch(/^attachment; .*filename\*=UTF-8''%E0%A4%AE/);
    for (const path of ['', '/thumbnail']) {
      expect((await stranger.http(`/api/v1/files/${file.id}${path}`)).status).toBe(404);
      expect((await fetch(`${hub.url}/api/v1/files/${file.id}${path}`)).status).toBe(401);
    }
    expect((await get(doctor, uuid(4))).status).toBe(404);
    expect((await get(doctor, '..%2f..%2fetc')).status).toBe(404);
    await patient.call('chat.delete', { threadId, messageId });
    for (const who of [patient, doctor]) {
      for (const path of ['', '/thumbnail']) {
        expect((await who.http(`/api/v1/files/${file.id}${path}`)).status).toBe(404);
      }
    }
  });

  test('parts of it', async () => {
    const file = await uploaded(patient);
    const part = async (range: string) => {
      const response = await get(patient, file.id, { range });
      return { status: response.status, range: response.headers.get('content-range'), body: await response.bytes() };
    };
    expect(await part('bytes=0-9')).toEqual({
      status: 206,
      range: `bytes 0-9/${photo.length}`,
      body: new Uint8Array(photo.subarray(0, 10)),
    });
    const tail = await part('bytes=-5');
    expect([tail.status, Buffer.from(tail.body).equals(photo.subarray(-5))]).toEqual([206, true]);
    expect((await part(`bytes=${photo.length}-`)).status).toBe(416);
    expect((await part('bytes=5-2')).status).toBe(200);
  });

  test('posted once, and only by its uploader', async () => {
    const mine = await uploaded(patient);
    const theirs = await uploaded(stranger);
    const send = (attachments: string[], requestId?: string) =>
      patient.call('chat.send', { threadId, text: 'look', attachments }, requestId);
    await expect(send([mine.id, theirs.id])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(send([mine.id, mine.id])).rejects.toMatchObject({ code: 'CONFLICT' });
    // The refusals left it free.
    const first = await send([mine.id], 'with-a-picture');
    expect(await send([mine.id], 'with-a-picture')).toEqual(first);
    await expect(send([mine.id])).rejects.toMatchObject({ code: 'CONFLICT' });
    const another = await uploaded(patient);
    await expect(send([another.id], 'with-a-picture')).rejects.toMatchObject({ code: 'REQUEST_REUSED' });
    await send([another.id]);
    expect((await get(doctor, mine.id)).status).toBe(200);
  });

  test('after a day what no message holds is gone, what one holds is not', async () => {
    const [lost, kept, late] = [await uploaded(patient), await uploaded(patient), await uploaded(patient)];
    for (const file of [kept, late]) await patient.call('chat.send', { threadId, text: '', attachments: [file.id] });
    const { db } = hub.database;
    await until('the note that it is posted', () =>
      db.collection('files').findOne({ _id: late.id as never, attached: true }),
    );
    // As if the process had died before that note.
    await db.collection('files').updateOne({ _id: late.id as never }, { $unset: { attached: '' } });
    const streams = new Streams({ db, hub: 'purge', now: Date.now, sealing: sealingOf(hub) }).of(chatKind);
    const now = () => Date.now() + 25 * 3600_000;
    const keys = keysOf(hub);
    const repos = createRepos(db, keys);
    const messages = new Messages(streams);
    const files = new Files({ db, repos, keys, messages, subjectOf: chatSubject(repos), now });
    expect(await files.purge()).toBeGreaterThanOrEqual(1);
    const there = async (id: string) => (await get(patient, id)).status;
    expect([await there(lost.id), await there(kept.id), await there(late.id)]).toEqual([404, 200, 200]);
    expect(await leftovers()).toEqual({ files: 0, contents: 0, chunksWithout: 0 });
  });

  test('looking at a file is recorded', async () => {
    const file = await uploaded(patient);
    await patient.call('chat.send', { threadId, text: '', attachments: [file.id] });
    await get(doctor, file.id);
    const accountId = doctor.signedIn.account.id;
    const about = { action: 'file.read', resourceId: file.id, accountId };
    const records = await hub.database.db.collection('audit').find(about).sort({ n: 1 }).toArray();
    expect(records.map((record): unknown => record['phase'])).toEqual(['intent', 'outcome']);
    expect(records[1]).toMatchObject({ code: 'OK', threadId, entryId: threadId });
  });
});
