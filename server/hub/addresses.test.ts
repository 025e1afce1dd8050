import { createServer } from 'node:http';
import express from 'express';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientAddress, networkOf, trustedProxies, trustNobody, trustThisMachine } from './addresses.ts';

const from = (remote: string, said: string | undefined, trusted: string): string =>
  clientAddress(remote, said === undefined ? {} : { 'x-forwarded-for': said }, trustedProxies.parse(trusted));

describe('[A7] whose request it is', () => {
  test('nobody is believed unless named', () => {
    expect(clientAddress('198.51.100.7', { 'x-forwarded-for': '10.0.0.1' }, trustNobody)).toBe('198.51.100.7');
    expect(clientAddress('198.51.100.7', { 'x-forwarded-for': '10.0.0.1' }, trustThisMachine)).toBe('198.51.100.7');
    expect(clientAddress('::ffff:127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, trustThisMachine)).toBe(
      '203.0.113.9',
    );
  });

  test('what the client made up stands before what the proxy added, and is not read', () => {
    expect(from('10.0.5.2', '1.1.1.1, 2.2.2.2, 203.0.113.9', '10.0.5.2')).toBe('203.0.113.9');
    expect(from('10.0.5.2', '1.1.1.1, 203.0.113.9, 10.0.5.3', '10.0.5.0/24')).toBe('203.0.113.9');
    expect(from('10.0.5.2', '1.1.1.1, 203.0.113.9', '1')).toBe('203.0.113.9');
    expect(from('10.0.5.2', '1.1.1.1, 203.0.113.9, 198.51.100.1', '2')).toBe('203.0.113.9');
    expect(from('10.0.5.2', '1.1.1.1', '0')).toBe('10.0.5.2');
    expect(from('10.0.5.9', '1.1.1.1', '10.0.5.2, loopback')).toBe('10.0.5.9');
    expect(from('2001:db8::5', '203.0.113.9', '2001:db8::/64')).toBe('203.0.113.9');
  });

  test('what is no address is not one', () => {
    for (const said of ['unknown', '', ',', '203.0.113.9:80', 'x'.repeat(5_000), '1.1.1.1, _hidden'])
      expect(from('10.0.5.2', said, '10.0.5.2')).toBe('10.0.5.2');
    expect(from('10.0.5.2', undefined, '1')).toBe('10.0.5.2');
  });

  test('a setting that is none is refused', () => {
    for (const wrong of ['everybody', '10.0.0.0/40', '10.0.0.0/8/8', '10.0.0', '10.0.0.1/x', '::1/129', '12'])
      expect(trustedProxies.safeParse(wrong).success).toBe(false);
    for (const fine of ['', '1', 'loopback', '10.0.0.1,  2001:db8::/32', '172.20.0.0/16'])
      expect(trustedProxies.safeParse(fine).success).toBe(true);
  });

  test('agrees with what express makes of it', async () => {
    const app = express();
    const trusts = trustedProxies.parse('loopback, 10.0.0.0/8');
    app.set('trust proxy', trusts);
    app.get('/', (request, response) => {
      response.json([request.ip, clientAddress(request.socket.remoteAddress, request.headers, trusts)]);
    });
    const http = createServer(app);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    for (const said of [
      '203.0.113.9',
      '8.8.8.8, 203.0.113.9',
      '8.8.8.8, 10.0.0.3',
      '10.0.0.1',
      '8.8.8.8,10.1.1.1, 127.0.0.1',
    ]) {
      const response = await fetch(`http://127.0.0.1:${address.port}/`, { headers: { 'x-forwarded-for': said } });
      const [ip, ours]: unknown[] = JSON.parse(await response.text());
      expect(ours).toBe(ip);
    }
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
});

describe('[A7] what counts as one', () => {
  test('an IPv4 address by itself, however it is written', () => {
    expect(networkOf('203.0.113.9')).toBe('203.0.113.9');
    expect(networkOf('::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(networkOf('unknown')).toBe('unknown');
  });

  test('all of one IPv6 network together', () => {
    for (const address of [
      '2001:db8:1:2::1',
      '2001:db8:1:2:ffff::',
      '2001:0DB8:0001:0002:1:2:3:4',
      '2001:db8:1:2::%eth0',
    ])
      expect(networkOf(address)).toBe('2001:db8:1:2::/64');
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(networkOf(address)).toMatch(/^([0-9a-f]{1,4}:){3}[0-9a-f]{1,4}::\/64$|^\d+\.\d+\.\d+\.\d+$/);
      }),
    );
  });
});
