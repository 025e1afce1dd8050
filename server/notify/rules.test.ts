import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noticeChannels, noticeKinds, noticeRules } from '../../shared/state/notices.ts';
import { isPrivate, retryAfterMs } from '../gateways/http.ts';
import { plan, quietEnd, retryDelay, smsParts, toE164, wants } from './rules.ts';

const at = (iso: string): number => Date.parse(iso);
const night = { from: 22 * 60, to: 7 * 60, zone: 'Asia/Kolkata' };

describe('quiet hours', () => {
  test.each([
    ['before midnight', night, '2026-11-21T22:30:00+05:30', '2026-11-22T07:00:00+05:30'],
    ['after midnight', night, '2026-11-21T03:15:20+05:30', '2026-11-21T07:00:00+05:30'],
    ['their first minute', night, '2026-11-21T22:00:00+05:30', '2026-11-22T07:00:00+05:30'],
    ['their end is outside', night, '2026-11-21T07:00:00+05:30', '2026-11-21T07:00:00+05:30'],
    ['the day', night, '2026-11-21T12:00:00+05:30', '2026-11-21T12:00:00+05:30'],
    [
      'within one day',
      { ...night, from: 13 * 60, to: 15 * 60 },
      '2026-11-21T14:59:59+05:30',
      '2026-11-21T15:00:00+05:30',
    ],
    [
      'the night clocks go forward',
      { from: 1320, to: 420, zone: 'Europe/Berlin' },
      '2026-03-28T23:00:00+01:00',
      '2026-03-29T07:00:00+02:00',
    ],
    [
      'the night clocks go back',
      { from: 1320, to: 420, zone: 'Europe/Berlin' },
      '2026-10-24T23:00:00+02:00',
      '2026-10-25T07:00:00+01:00',
    ],
  ])('%s', (_name, quiet, now, end) => {
    expect(new Date(quietEnd(quiet, at(now)))).toEqual(new Date(at(end)));
  });

  test('never end in the past, never later than a day and an hour, and their end is not quiet', () => {
    const zone = fc.constantFrom('Asia/Kolkata', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Chatham', 'UTC');
    const minute = fc.nat(1439);
    const time = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2026-12-31T00:00:00Z') });
    fc.assert(
      fc.property(minute, minute, zone, time, (from, to, name, now) => {
        fc.pre(from !== to);
        const quiet = { from, to, zone: name };
        const end = quietEnd(quiet, now);
        expect(end).toBeGreaterThanOrEqual(now);
        expect(end - now).toBeLessThanOrEqual(25 * 3600_000);
        if (end > now) expect(end % 60_000).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('where a notice goes', () => {
  const all = { quiet: null, choices: {}, able: noticeChannels };
  const midnight = at('2026-11-21T00:30:00+05:30');

  test('by default to the defaults that the account can be reached on', () => {
    expect(plan('queue.called', all, 5).map((one) => one.channel)).toEqual(['push', 'sms', 'telegram']);
    expect(plan('queue.called', { ...all, able: ['sms', 'email'] }, 5)).toEqual([{ channel: 'sms', at: 5 }]);
    expect(plan('queue.called', { ...all, able: [] }, 5)).toEqual([]);
  });

  test('a choice counts for its kind and channel only', () => {
    const choices = { 'queue.called': { sms: false, email: true } };
    expect(plan('queue.called', { ...all, choices }, 5).map((one) => one.channel)).toEqual([
      'push',
      'email',
      'telegram',
    ]);
    expect(wants(choices, 'queue.noShow', 'sms')).toBe(true);
  });

  test('at night: urgent comes through, what lasts waits, what would be stale is left out, mail goes', () => {
    const asleep = { ...all, quiet: night };
    expect(plan('queue.called', asleep, midnight).every((one) => one.at === midnight)).toBe(true);
    expect(plan('queue.next', asleep, midnight)).toEqual([]);
    const morning = at('2026-11-21T07:00:00+05:30');
    expect(plan('announcement', asleep, midnight)).toEqual([
      { channel: 'push', at: morning },
      { channel: 'email', at: midnight },
      { channel: 'telegram', at: morning },
    ]);
  });

  test('every kind has a rule that can reach somebody', () => {
    for (const kind of noticeKinds) {
      expect(noticeRules[kind].roles.length).toBeGreaterThan(0);
      expect(noticeRules[kind].defaults.length).toBeGreaterThan(0);
    }
  });
});

describe('trying again', () => {
  test('doubles up to a quarter of an hour, is spread, and never comes before it was asked for', () => {
    expect([1, 2, 3].map((n) => retryDelay(n, undefined, 0))).toEqual([500, 1000, 2000]);
    expect(retryDelay(1, undefined, 0.999)).toBeGreaterThan(990);
    expect(retryDelay(30, undefined, 1)).toBe(15 * 60_000);
    expect(retryDelay(1, 60_000, 0.5)).toBe(60_000);
  });

  test.each([
    ['120', 120_000],
    ['Sat, 21 Nov 2026 05:00:10 GMT', 10_000],
    ['Sat, 21 Nov 2026 04:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('Retry-After: %s', (header, ms) => {
    expect(retryAfterMs(header, at('2026-11-21T05:00:00Z'))).toBe(ms);
  });
});

test.each([
  ['98450 11001', '+919845011001'],
  ['09845011001', '+919845011001'],
  ['+44 7700 900123', '+447700900123'],
  ['919845011001', '+919845011001'],
  ['12345', null],
  ['044 2555 1234', null],
  ['0091 98450-11001', '+919845011001'],
  ['(98450) 11001', '+919845011001'],
  ['९८४५०११००१', '+919845011001'],
  ['98450 11001 ext. 5', null],
  ['+', null],
  ['+999 12345678', null],
])('E.164 of %s', (written, number) => {
  expect(toE164(written)).toBe(number);
});

test('parts of an SMS', () => {
  expect(['a'.repeat(160), 'a'.repeat(161), 'क'.repeat(70), 'क'.repeat(71)].map(smsParts)).toEqual([1, 2, 1, 2]);
});

test.each([
  ['127.0.0.1', true],
  ['10.1.2.3', true],
  ['169.254.169.254', true],
  ['::1', true],
  ['::ffff:192.168.1.1', true],
  ['fd00::1', true],
  ['8.8.8.8', false],
  ['2606:4700::1111', false],
])('%s is ours: %s', (address, ours) => {
  expect(isPrivate(address)).toBe(ours);
});
