import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical } from './canonical.ts';
import { hashOf, link, noHash, readAuditKey, signedBy, toLookAt, type Root } from './chain.ts';

const signer = () =>
  readAuditKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'));

/** What records may hold: JSON without half characters. */
const json = fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 });

describe('canonical text', () => {
  test('is that of RFC 8785: keys by UTF-16 units, numbers as ECMAScript writes them', () => {
    expect(canonical({ b: [1e21, 0.1, -0, 333333333.3333333], a: 'é\n"', '\u{1F600}': null, '\uFB33': true })).toBe(
      '{"a":"é\\n\\"","b":[1e+21,0.1,0,333333333.3333333],"\u{1F600}":null,"\uFB33":true}',
    );
  });

  test('does not depend on the order of keys, nor on what is undefined', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), json), (record) => {
        const turned = Object.fromEntries([...Object.entries(record).reverse(), ['nothing', undefined]]);
        fc.pre(!('nothing' in record) && !('__proto__' in record));
        expect(canonical(turned)).toBe(canonical(record));
      }),
    );
  });

  test('says everything: it reads back as what was written, so two values never share a text', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each([[new Date(0)], [Number.NaN], [Number.POSITIVE_INFINITY], [10n], [() => 1], ['\ud800'], [undefined]])(
    'refuses %s',
    (value) => expect(() => canonical(value)).toThrow(TypeError),
  );
});

describe('a chain', () => {
  const chained = (contents: readonly object[]) => {
    const records = [link({ at: 0 }, 'c')];
    for (const content of contents) records.push(link({ at: 1, ...content }, records.at(-1)!));
    return records;
  };

  test('any change of any field of a record changes its hash', () => {
    const field = fc.constantFrom('at', 'chain', 'n', 'prev', 'accountId', 'code', 'more');
    fc.assert(
      fc.property(field, json, (name, value) => {
        const record: Record<string, unknown> = link({ at: 5, accountId: 'a', code: 'OK' }, 'c');
        fc.pre(canonical({ x: record[name] }) !== canonical({ x: value }));
        expect(hashOf({ ...record, [name]: value })).not.toBe(record['hash']);
      }),
    );
  });

  test('each record names the one before it; its own hash and signature are not part of it', () => {
    const [first, second, third] = chained([{ code: 'OK' }, { code: 'NOT_FOUND' }]);
    expect([first?.n, second?.n, third?.n]).toEqual([0, 1, 2]);
    expect([first?.prev, second?.prev, third?.prev]).toEqual([noHash, first?.hash, second?.hash]);
    expect(hashOf({ _id: 'x', ...third, signature: 'y' })).toBe(third?.hash);
  });

  test('only the right key has signed', () => {
    const [own, other] = [signer(), signer()];
    const signature = own.sign('ab');
    expect(signedBy(own.publicKey, 'ab', signature)).toBe(true);
    expect(signedBy(own.publicKey, 'ac', signature)).toBe(false);
    expect(signedBy(other.publicKey, 'ab', signature)).toBe(false);
    expect(signedBy('nonsense', 'ab', signature)).toBe(false);
    expect(() => readAuditKey('nonsense')).toThrow();
  });
});

test('a new root looks at chains that live, and at ended ones until somebody has named their end', () => {
  const root = (chain: string, n: number, phase: Root['phase'], ...seen: [string, number][]): Root => ({
    ...{ chain, n, phase, at: n, prev: noHash, hash: `${chain}${n}`, root: true, publicKey: '', signature: '' },
    seen: seen.map(([other, at]) => ({ chain: other, n: at, hash: `${other}${at}` })),
  });
  const ended = [root('a', 0, 'begin'), root('a', 9, 'end')];
  expect(toLookAt(ended, 'me')).toEqual([{ chain: 'a', ended: { chain: 'a', n: 9, hash: 'a9' } }]);
  expect(toLookAt([...ended, root('b', 0, 'begin', ['a', 9])], 'me')).toEqual([{ chain: 'b', ended: null }]);
  // Named earlier, before its end: the end is news.
  expect(toLookAt([...ended, root('b', 0, 'begin', ['a', 5])], 'b').map((one) => one.chain)).toEqual(['a']);
  expect(toLookAt([...ended, root('b', 0, 'begin', ['a', 9])], 'b')).toEqual([]);
});
