import { randomBytes } from 'node:crypto';
import { BSON } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MemoryTarget } from '../../tests/support/backups.ts';
import { readArchive, writeArchive, type Part } from './archive.ts';
import { ArchiveKeys } from './archiveKeys.ts';
import { BackupError } from './errors.ts';
import { archiveName, archiveTime } from './names.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const key = newKey();
const keys = new ArchiveKeys([key]);
const head = { version: '1', engine: 'test', migrations: ['0001'], startedAt: 1, cut: 2, holes: 0 };

/** Larger than a chunk of the sealed file, and incompressible. */
const documents = Array.from({ length: 40 }, (_, i) => BSON.serialize({ _id: `d${i}`, bytes: randomBytes(5_000) }));

async function* parts(): AsyncGenerator<{ collection: string } | { document: Uint8Array }, void, undefined> {
  yield { collection: 'first' };
  for (const document of documents) yield { document };
  yield { collection: 'empty' };
}

async function written(): Promise<{ target: MemoryTarget; file: { name: string; bytes: number } }> {
  const target = new MemoryTarget();
  const { stream } = writeArchive('backup', keys, parts(), () => head);
  const { bytes } = await target.put('a', stream);
  return { target, file: { name: 'a', bytes } };
}

async function all(of: AsyncIterable<Part>): Promise<Part[]> {
  const found: Part[] = [];
  for await (const part of of) found.push(part);
  return found;
}

const faultOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof BackupError ? error.fault : error),
  );

describe('[H6] an archive', () => {
  test('gives back what went in, with counts and hashes that agree', async () => {
    const { target, file } = await written();
    const found = await all(readArchive('backup', keys, target, file));
    expect(found.slice(0, 2)).toEqual([{ collection: 'first' }, { document: Buffer.from(documents[0]!) }]);
    expect(found.filter((part) => 'document' in part)).toHaveLength(40);
    expect(found.at(-1)).toMatchObject({
      manifest: {
        ...head,
        collections: [
          { name: 'first', documents: 40 },
          { name: 'empty', documents: 0, bytes: 0 },
        ],
      },
    });
  });

  test('says nothing in the clear but which key opens it', async () => {
    const { target } = await written();
    const bytes = target.objects.get('a')!;
    const line = z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.subarray(0, bytes.indexOf('\n')).toString()));
    expect(Object.keys(line)).toEqual(['nadi', 'format', 'id', 'kid']);
    expect(bytes.includes('first')).toBe(false);
    expect(bytes.includes(Buffer.from(key, 'base64'))).toBe(false);
  });

  test('opens with an older key, and with no other', async () => {
    const { target, file } = await written();
    await all(readArchive('backup', new ArchiveKeys([newKey(), key]), target, file));
    expect(await faultOf(all(readArchive('backup', new ArchiveKeys([newKey()]), target, file)))).toBe('key');
  });

  test('any changed byte and any cut is noticed', async () => {
    const { target, file } = await written();
    const whole = target.objects.get('a')!;
    const step = Math.floor(whole.length / 23);
    for (let at = 0; at < whole.length; at += step) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      target.objects.set('a', damaged);
      expect(['damaged', 'key', 'newer'], `byte ${at}`).toContain(
        await faultOf(all(readArchive('backup', keys, target, file))),
      );
    }
    for (const length of [0, 10, 200, 70_000, whole.length - 65_552, whole.length - 17, whole.length - 1]) {
      target.objects.set('a', whole.subarray(0, length));
      const cut = { name: 'a', bytes: length };
      expect(['torn', 'damaged'], `cut to ${length}`).toContain(
        await faultOf(all(readArchive('backup', keys, target, cut))),
      );
      // Listed in full, and what is read ends early.
      expect(['torn', 'damaged']).toContain(await faultOf(all(readArchive('backup', keys, target, file))));
    }
  });

  test('neither a keyring nor a later format passes for one', async () => {
    const { target, file } = await written();
    expect(await faultOf(all(readArchive('keyring', keys, target, file)))).toBe('damaged');
    const later = Buffer.from(
      target.objects.get('a')!.toString('latin1').replace('"format":1', '"format":2'),
      'latin1',
    );
    target.objects.set('a', later);
    expect(await faultOf(all(readArchive('backup', keys, target, file)))).toBe('newer');
  });

  test('a fault while it is written is a fault of the stream, never a short archive', async () => {
    async function* broken(): AsyncGenerator<{ collection: string }, void, undefined> {
      yield { collection: 'first' };
      throw new Error('the database is gone');
    }
    const { stream, manifest } = writeArchive('backup', keys, broken(), () => head);
    await expect(new MemoryTarget().put('a', stream)).rejects.toThrow('the database is gone');
    expect(() => manifest()).toThrow(BackupError);
  });
});

test('[H6] names tell when a backup was begun, and nothing else passes for one', () => {
  const at = Date.UTC(2026, 10, 21, 2, 30, 7);
  const name = archiveName(at + 123, '0190f3a2-0000-7000-8000-00001a2b3c4d');
  expect(name).toBe('nadi-20261121T023007Z-1a2b3c4d.sealed');
  expect(archiveTime(name)).toBe(at);
  for (const other of ['nadi-keyring.sealed', `${name}.part`, 'photo.jpg']) expect(archiveTime(other)).toBeNull();
});
