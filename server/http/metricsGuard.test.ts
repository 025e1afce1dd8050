import { describe, expect, test } from 'vitest';
import { mayReadMetrics } from './metricsGuard.ts';

const token = 'a long enough token';
const ask = (remoteAddress: string | undefined, headers: Record<string, string> = {}, known: string | null = token) =>
  mayReadMetrics({ headers, socket: { remoteAddress } }, known);

describe('[I2] who may read the metrics', () => {
  test('this machine, through nothing', () => {
    for (const address of ['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1']) expect(ask(address)).toBe(true);
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '1.127.0.0', '2001:db8::1', undefined])
      expect(ask(address)).toBe(false);
  });

  test('not whom a proxy on this machine asks for', () => {
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])
      expect(ask('127.0.0.1', { [header]: '127.0.0.1' })).toBe(false);
  });

  test('from anywhere with the token, and only with it', () => {
    expect(ask('10.0.0.1', { authorization: `Bearer ${token}` })).toBe(true);
    expect(ask('10.0.0.1', { authorization: `Bearer ${token}`, 'x-forwarded-for': '8.8.8.8' })).toBe(true);
    for (const authorization of ['Bearer ', 'Bearer wrong', token, `bearer ${token}x`, `Bearer ${token.slice(0, -1)}`])
      expect(ask('10.0.0.1', { authorization })).toBe(false);
    expect(ask('10.0.0.1', { authorization: 'Bearer null' }, null)).toBe(false);
    expect(ask('10.0.0.1', { authorization: 'Bearer ' }, null)).toBe(false);
  });
});
