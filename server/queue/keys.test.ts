import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endOfDay } from '../support/zone.ts';
import { Keys } from './keys.ts';

const keys = new Keys('a secret of the platform that nobody knows');
const now = 1_800_000_000_000;
const code = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return 'nothing thrown';
};

describe('[C3 C5] codes that are the permission', () => {
  test('give back their id until they end', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 200_000 }), (id, minutes) => {
        const signed = keys.sign('place-link', id, now + minutes * 60_000);
        expect(signed).toMatch(/^[\w-]{43}$/);
        expect(keys.read('place-link', signed, now)).toEqual({ id, expiresAt: now + minutes * 60_000 });
        expect(code(() => keys.read('place-link', signed, now + minutes * 60_000))).toBe('LINK_EXPIRED');
      }),
    );
  });

  test('any change, another purpose, another secret: no such code', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(42), fc.integer({ min: 1, max: 63 }), (id, at, by) => {
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const signed = keys.sign('check-in', id, now + 60_000);
        const other = alphabet[(alphabet.indexOf(signed[at] ?? '') + by) % 64] ?? '';
        expect(code(() => keys.read('check-in', signed.slice(0, at) + other + signed.slice(at + 1), now))).toBe(
          'NOT_FOUND',
        );
        expect(code(() => keys.read('place-link', signed, now))).toBe('NOT_FOUND');
        expect(code(() => new Keys('another').read('check-in', signed, now))).toBe('NOT_FOUND');
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => code(() => keys.read('check-in', text, now)) === 'NOT_FOUND'));
  });

  test('ids that are keys: the same for the same request, nothing like one for another', () => {
    const id = keys.secretId('board', 'account', 'request-1');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(keys.secretId('board', 'account', 'request-1')).toBe(id);
    expect(keys.secretId('board', 'account', 'request-2')).not.toBe(id);
    expect(new Keys('another').secretId('board', 'account', 'request-1')).not.toBe(id);
  });
});

describe('the end of a day', () => {
  test.each([
    ['2026-11-21T05:00:00Z', 'Asia/Kolkata', 0, '2026-11-21T18:30:00Z'],
    ['2026-11-21T19:00:00Z', 'Asia/Kolkata', 1, '2026-11-23T18:30:00Z'],
    ['2026-03-28T12:00:00Z', 'Europe/Berlin', 0, '2026-03-28T23:00:00Z'],
    ['2026-03-28T12:00:00Z', 'Europe/Berlin', 1, '2026-03-29T22:00:00Z'],
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', 0, '2026-10-25T23:00:00Z'],
    ['2026-07-01T00:00:00Z', 'UTC', 0, '2026-07-02T00:00:00Z'],
  ])('%s in %s, %d days later', (at, zone, days, end) => {
    expect(new Date(endOfDay(Date.parse(at), zone, days)).toISOString()).toBe(end.replace('Z', '.000Z'));
  });
});
