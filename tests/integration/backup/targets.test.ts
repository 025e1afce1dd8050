import { createHash, randomBytes } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BackupError } from '../../../server/backup/errors.ts';
import { SequentialReads } from '../../../server/backup/SequentialReads.ts';
import { FolderTarget } from '../../../server/backup/targets/FolderTarget.ts';
import { S3Target, type S3Options } from '../../../server/backup/targets/S3Target.ts';
import type { BackupTarget } from '../../../server/backup/targets/types.ts';
import { tempFolder } from '../../support/backups.ts';
import { freePort } from '../../support/ports.ts';
import { S3Server } from '../../support/providers/s3Server.ts';

const MiB = 1024 * 1024;
const s3 = new S3Server();
let endpoint: string;
let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeAll(async () => {
  endpoint = await s3.start();
  folder = await tempFolder();
});
afterAll(async () => {
  await s3.close();
  await folder.remove();
});
beforeEach(() => {
  s3.objects.clear();
  s3.asked.length = 0;
  s3.faults.length = 0;
});

function bucket(more: Partial<S3Options> = {}): S3Target {
  const { keyId, secret, region, bucket: name } = s3;
  const options = { endpoint, bucket: name, prefix: 'nadi/a & b/', region, keyId, secret };
  return new S3Target({ ...options, backoffMs: 5, partBytes: 5 * MiB, ...more });
}

const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const faultOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof BackupError ? `${error.fault}: ${error.message}` : error),
  );
/** As a backup gives them: many small pieces. */
function pieces(data: Buffer): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < data.length; at += 300_000) yield data.subarray(at, at + 300_000);
    })(),
  );
}

describe.each([
  ['a folder', (): BackupTarget => new FolderTarget(path.join(folder.path, 'backups'))],
  ['a bucket', (): BackupTarget => bucket()],
])('[H6] %s', (_what, open) => {
  test('stores, lists, finds, reads from anywhere, replaces and removes', async () => {
    const target = open();
    expect(await target.list()).toEqual([]);
    for (const name of ['c', 'a', 'b']) await target.put(name, pieces(Buffer.from(`content of ${name}`)));
    expect(await target.list()).toEqual(['a', 'b', 'c'].map((name) => ({ name, bytes: 12 })));
    expect((await buffer(await target.read('b', 8))).toString()).toBe('of b');
    expect((await buffer(await target.read('b', 12))).length).toBe(0);
    await target.put('b', pieces(Buffer.from('other')));
    expect(await target.find('b')).toEqual({ name: 'b', bytes: 5 });
    await target.remove('b');
    await target.remove('b');
    expect(await target.find('b')).toBeNull();
    expect(await faultOf(target.read('b', 0))).toContain('missing');
    for (const name of ['a', 'c']) await target.remove(name);
  });

  test('large content, whole and byte for byte', async () => {
    const target = open();
    const data = randomBytes(12 * MiB + 17);
    expect(await target.put('large', pieces(data))).toEqual({ bytes: data.length });
    expect(hash(await buffer(await target.read('large', 0)))).toBe(hash(data));
    await target.remove('large');
  });

  test('content that fails on the way leaves nothing, and what was there before stays', async () => {
    const target = open();
    await target.put('kept', pieces(Buffer.from('before')));
    const failing = (): Readable =>
      Readable.from(
        (function* () {
          for (let i = 0; i < 7; i++) yield randomBytes(MiB);
          throw new Error('the database is gone');
        })(),
      );
    for (const name of ['new', 'kept'])
      await expect(target.put(name, failing())).rejects.toThrow('the database is gone');
    expect(await target.list()).toEqual([{ name: 'kept', bytes: 6 }]);
    expect(s3.uploads.size).toBe(0);
    await target.remove('kept');
  });
});

describe('[H6] a folder', () => {
  test('is for its owner only, and says what is wrong with it', async () => {
    const place = path.join(folder.path, 'own');
    const target = new FolderTarget(place);
    await target.put('a', pieces(Buffer.from('x')));
    expect((await stat(place)).mode & 0o077).toBe(0);
    expect((await stat(path.join(place, 'a'))).mode & 0o077).toBe(0);
    expect(await readdir(place)).toEqual(['a']);
    const file = path.join(folder.path, 'file');
    await writeFile(file, '');
    expect(await faultOf(new FolderTarget(file).put('a', pieces(Buffer.from('x'))))).toMatch(
      /target: .*cannot be written to/,
    );
    expect(await faultOf(new FolderTarget(file).list())).toMatch(/target: .*cannot be read/);
  });
});

describe('[H6] a bucket', () => {
  test('a large upload goes in parts, a small one at once', async () => {
    await bucket().put('small', pieces(randomBytes(MiB)));
    expect(s3.asked.filter((line) => line.includes('upload'))).toEqual([]);
    await bucket().put('large', pieces(randomBytes(11 * MiB)));
    expect(s3.asked.filter((line) => /partNumber=\d/.test(line))).toHaveLength(3);
  });

  test('busy, silent and broken connections are tried again', async () => {
    const data = randomBytes(11 * MiB);
    s3.faults.push(
      { on: /POST .*uploads/, fault: 'slowDown' },
      { on: /partNumber=1/, fault: 'reset' },
      { on: /partNumber=2/, fault: 'hang' },
      { on: /partNumber=3/, fault: 'slowDown' },
      { on: /POST .*uploadId/, fault: 'slowDown' },
      { on: /HEAD/, fault: 'slowDown' },
    );
    const target = bucket({ timeoutMs: 1_000 });
    await target.put('large', pieces(data));
    expect(s3.faults).toEqual([]);
    expect(hash(s3.objects.get('nadi/a & b/large')!)).toBe(hash(data));

    // A download that is cut off goes on where it was.
    s3.faults.push({ on: /GET .*large/, fault: 'truncate' }, { on: /GET .*large/, fault: 'truncate' });
    const reads = new SequentialReads((offset) => target.read('large', offset));
    const got: Buffer[] = [];
    for (let at = 0; at < data.length; at += 700_001) {
      got.push(Buffer.from(await reads.read(at, Math.min(700_001, data.length - at))));
    }
    expect(hash(Buffer.concat(got))).toBe(hash(data));
    expect(s3.faults).toEqual([]);
    expect(await faultOf(reads.read(data.length - 5, 10))).toMatch(/torn/);
    reads.close();
  });

  test('what cannot work is said at once, in words, without a secret', async () => {
    for (const [more, words] of [
      [{ secret: 'wrong' }, /secret key is wrong/],
      [{ keyId: 'AKIAOTHER' }, /no such key id/],
      [{ bucket: 'other' }, /no such bucket/],
    ] as const) {
      s3.asked.length = 0;
      const said = await faultOf(bucket(more).list());
      expect(said).toMatch(words);
      expect(said).not.toContain(s3.secret);
      expect(s3.asked).toHaveLength(1);
    }
    const gone = bucket({ endpoint: `http://127.0.0.1:${await freePort()}`, backoffMs: 1 });
    expect(await faultOf(gone.put('a', pieces(Buffer.from('x'))))).toMatch(/ECONNREFUSED.*tried 6 times/);
  });
});
