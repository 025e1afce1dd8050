import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MasterKeys, SealError } from './MasterKeys.ts';
import {
  chunkBytes,
  headerBytes,
  plainSize,
  SealedReader,
  sealedChunkBytes,
  sealedSize,
  sealedPieces,
  SealingStream,
} from './sealedFile.ts';
import { openText, sealText } from './sealText.ts';

const newMaster = (): string => randomBytes(32).toString('base64');
const key = randomBytes(32);
const seal = (plain: Buffer, fileId = 'f1'): Promise<Buffer> =>
  buffer(Readable.from([plain]).pipe(new SealingStream(key, fileId)));
const reader = (sealed: Buffer, fileId = 'f1', by = key): SealedReader =>
  new SealedReader(by, fileId, sealed.length, (offset, length) =>
    Promise.resolve(sealed.subarray(offset, offset + length)),
  );
const open = (sealed: Buffer, ...range: [number?, number?]): Promise<Buffer> => buffer(reader(sealed).range(...range));

describe('master keys', () => {
  test('open what they wrapped, for the same subject only; an older one still opens', () => {
    const [old, fresh] = [newMaster(), newMaster()];
    const { key: data, wrapped } = new MasterKeys([old]).newKey('p1');
    expect(new MasterKeys([fresh, old]).unwrap(wrapped, 'p1')).toEqual(data);
    expect(() => new MasterKeys([old]).unwrap(wrapped, 'p2')).toThrow(SealError);
    expect(() => new MasterKeys([fresh]).unwrap(wrapped, 'p1')).toThrow('not configured');
    expect(() => new MasterKeys([]).current).toThrow(SealError);
    expect(() => new MasterKeys(['c2hvcnQ='])).toThrow('32 bytes');
  });
});

describe('sealed texts', () => {
  test('open as they were; changed, moved or under another key they do not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, n) => {
        const sealed = sealText(key, text, 'note:1');
        expect(openText(key, sealed, 'note:1')).toBe(text);
        expect(sealed).not.toBe(sealText(key, text, 'note:1'));
        const raw = Buffer.from(sealed.slice(3), 'base64url');
        raw[n % raw.length]! ^= 1;
        expect(() => openText(key, `s1.${raw.toString('base64url')}`, 'note:1')).toThrow(SealError);
        expect(() => openText(key, sealed, 'note:2')).toThrow(SealError);
        expect(() => openText(randomBytes(32), sealed, 'note:1')).toThrow(SealError);
      }),
    );
  });
});

describe('sealed files', () => {
  const sizes = [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes, 3 * chunkBytes + 7];

  test.each(sizes)('%i bytes: any range opens to the same bytes', async (size) => {
    const plain = randomBytes(size);
    const sealed = await seal(plain);
    expect(sealed.length).toBe(sealedSize(size));
    expect(plainSize(sealed.length)).toBe(size);
    expect(await open(sealed)).toEqual(plain);
    for (const [from, to] of [
      [0, 0],
      [chunkBytes - 1, chunkBytes],
      [size - 1, size - 1],
      [5, size + 100],
    ] as const) {
      if (from < 0 || from >= size) continue;
      expect(await open(sealed, from, to)).toEqual(plain.subarray(from, to + 1));
    }
  });

  test('however it is written in pieces, it is the same content', async () => {
    const plain = randomBytes(2 * chunkBytes + 99);
    const pieces = Array.from({ length: 300 }, (_, i) => plain.subarray(i * 1000, (i + 1) * 1000));
    expect(await open(await buffer(Readable.from(pieces).pipe(new SealingStream(key, 'f1'))))).toEqual(plain);
  });

  test('written piece by piece it is the same format', async () => {
    const plain = randomBytes(2 * chunkBytes + 99);
    const pieces = [plain.subarray(0, 10), plain.subarray(10, chunkBytes + 10), plain.subarray(chunkBytes + 10)];
    expect(await open(await buffer(Readable.from(sealedPieces(key, 'f1', pieces))))).toEqual(plain);
    expect(await open(await buffer(Readable.from(sealedPieces(key, 'f1', []))))).toEqual(Buffer.alloc(0));
  });

  test('a changed, cut, reordered, exchanged or misnamed one does not open', async () => {
    const sealed = await seal(randomBytes(3 * chunkBytes));
    const changed = Buffer.from(sealed);
    changed[headerBytes + 10]! ^= 1;
    await expect(open(changed)).rejects.toThrow(SealError);
    await expect(open(sealed.subarray(0, headerBytes + 2 * sealedChunkBytes))).rejects.toThrow(SealError);
    const at = (i: number): Buffer =>
      sealed.subarray(headerBytes + i * sealedChunkBytes, headerBytes + (i + 1) * sealedChunkBytes);
    const swapped = Buffer.concat([sealed.subarray(0, headerBytes), at(1), at(0), at(2)]);
    await expect(open(swapped)).rejects.toThrow(SealError);
    const other = await seal(randomBytes(3 * chunkBytes));
    const mixed = Buffer.concat([
      sealed.subarray(0, headerBytes + 2 * sealedChunkBytes),
      other.subarray(headerBytes + 2 * sealedChunkBytes),
    ]);
    await expect(open(mixed)).rejects.toThrow(SealError);
    await expect(buffer(reader(sealed, 'f2').range())).rejects.toThrow(SealError);
    expect(() => reader(sealed.subarray(0, 10))).toThrow(SealError);
  });
});
