import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contractVersion, reply as replySchema } from '../../../shared/contract/wire.ts';
import { limits } from '../../../shared/limits.ts';
import { demoPassword } from '../../../server/seed/people.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { rawExchange, RawWebSocket } from '../../support/rawSocket.ts';
import { cookieOf, TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

const ownSite = 'https://clinic.example';
const partner = 'https://app.example';
const evil = 'https://evil.example';
const json = { 'content-type': 'application/json' };

/** As a clinic runs it behind a proxy with a certificate, but with the demo's people in it. */
describe('[A7] a hub under a public https address', () => {
  let hub: TestHub;
  let clientDir: string;
  beforeAll(async () => {
    clientDir = await mkdtemp(join(tmpdir(), 'nadi-client-'));
    await writeFile(join(clientDir, 'index.html'), '<!doctype html><title>Nadi</title>');
    hub = await testHub({ NADI_PUBLIC_URL: ownSite, NADI_ALLOWED_ORIGINS: partner, NADI_CLIENT_DIR: clientDir });
  });
  afterAll(async () => {
    await hub.close();
    await rm(clientDir, { recursive: true });
  });
  const signIn = () =>
    fetch(`${hub.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ email: 'patient@demo.nadi', password: demoPassword }),
    });
  const refresh = (headers: Record<string, string>, body: string | null = '{}') =>
    fetch(`${hub.url}/api/v1/auth/refresh`, { method: 'POST', headers, body });
  const codeOf = async (response: Response): Promise<string> => {
    const reply = replySchema.parse(await response.json());
    return reply.ok ? 'OK' : reply.error.code;
  };

  test.each(['/', '/desk/anything', '/api/v1/account/me', '/api/openapi.json', '/api/no', '/assets/no.js', '/healthz'])(
    'every answer carries the safe headers: %s',
    async (path) => {
      const { headers } = await fetch(`${hub.url}${path}`);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).not.toMatch(/unsafe|\*|https?:(?!\/\/)/);
      for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
        expect(policy.split(';')).toContain(part);
      for (const part of ["base-uri 'none'", "form-action 'self'", "connect-src 'self'"])
        expect(policy.split(';')).toContain(part);
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=31536000/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('permissions-policy')).toMatch(/camera=\(self\).*microphone=\(self\).*geolocation=\(\)/);
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  test('the refresh cookie is of this host alone, unreadable, and never sent by other sites', async () => {
    const response = await signIn();
    const cookies = response.headers.getSetCookie();
    const cookie = cookies.find((one) => one.includes('nadi_refresh')) ?? '';
    expect(cookies.every((one) => one.startsWith('__Host-'))).toBe(true);
    expect(cookie).toMatch(/^__Host-nadi_refresh=/);
    const attributes = cookie.split('; ').slice(1);
    expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']));
    expect(cookie).not.toMatch(/domain=/i);
    const value = cookieOf(response);
    // A neighbour under the same domain could set a cookie of the plain name: it is not looked at.
    expect(await codeOf(await refresh({ ...json, cookie: value.replace('__Host-', '') }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(await refresh({ ...json, cookie: value }))).toBe('OK');
  });

  test('a page of another site cannot use the cookie, even if a browser sent it along', async () => {
    const cookie = cookieOf(await signIn());
    const attacks: [Record<string, string>, string | null, string][] = [
      [{ ...json, cookie, origin: evil }, '{}', 'BAD_ORIGIN'],
      [{ cookie, origin: evil }, null, 'BAD_ORIGIN'],
      [{ cookie, origin: 'null' }, null, 'BAD_ORIGIN'],
      [{ cookie, 'sec-fetch-site': 'cross-site' }, null, 'BAD_ORIGIN'],
      [{ cookie, 'sec-fetch-site': 'same-site' }, null, 'BAD_ORIGIN'],
      [{ cookie, 'content-type': 'text/plain' }, '{}', 'UNSUPPORTED_MEDIA_TYPE'],
      [{ cookie, 'content-type': 'application/x-www-form-urlencoded' }, 'a=b', 'UNSUPPORTED_MEDIA_TYPE'],
    ];
    for (const [headers, body, code] of attacks) {
      const response = await refresh(headers, body);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(await codeOf(response)).toBe(code);
    }
    // Nothing was turned meanwhile.
    expect(await codeOf(await refresh({ ...json, cookie, origin: ownSite }))).toBe('OK');
  });

  test('only listed sites are told that they may read answers, and never with cookies', async () => {
    const ask = (origin: string, method = 'OPTIONS') =>
      fetch(`${hub.url}/api/v1/account/me`, {
        method,
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
      });
    const allowed = await ask(partner);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(partner);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    expect((await ask(partner, 'GET')).headers.get('access-control-allow-origin')).toBe(partner);
    for (const answer of [allowed, await ask(partner, 'GET'), await ask(ownSite), await ask(evil)]) {
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin');
    }
    for (const origin of [evil, 'null', `${partner}.evil.example`, 'http://app.example']) {
      const refused = await ask(origin);
      expect([origin, refused.status]).toEqual([origin, 403]);
      expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('a page of another site opens no socket', async () => {
    const upgrade = (origin: string) =>
      rawExchange(
        hub.url,
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: clinic.example\r\nUpgrade: websocket\r\n` +
          `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
          `Origin: ${origin}\r\n\r\n`,
        { timeoutMs: 20_000 },
      );
    for (const origin of [evil, 'null', 'https://clinic.example.evil.example']) {
      expect(await upgrade(origin)).toMatch(/^HTTP\/1\.1 4\d\d [^]*Forbidden$/);
    }
  });

  test('who asks from elsewhere learns whether the hub is there and ready, and no more', async () => {
    const elsewhere = { headers: { 'x-forwarded-for': '203.0.113.9' } };
    expect(await (await fetch(`${hub.url}/healthz`, elsewhere)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${hub.url}/readyz`, elsewhere)).json()).toEqual({ ready: expect.any(Boolean) });
    expect((await fetch(`${hub.url}/metrics`, elsewhere)).status).toBe(401);
    expect(await (await fetch(`${hub.url}/healthz`)).json()).toHaveProperty('engine');
  });
});

/** Tries to sign in, wrongly. */
async function guess(hub: TestHub, said: string): Promise<number> {
  const response = await fetch(`${hub.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { ...json, 'x-forwarded-for': said },
    body: JSON.stringify({ email: 'doctor@demo.nadi', password: 'a wrong guess' }),
  });
  return response.status;
}

/** An open WebSocket that says it came through a proxy; null when the hub hung up. */
async function knock(hub: TestHub, said: string): Promise<RawWebSocket | null> {
  const socket = await RawWebSocket.open(hub.url, undefined, { 'x-forwarded-for': said }).catch(() => null);
  if (!socket) return null;
  await until('a word of the hub', () => socket.closed || socket.received.includes('0{'));
  // The greeting is sent first; the refusal follows at once.
  socket.text('40{"token":null,"contract":0}');
  await until('the answer', () => socket.closed || socket.received.includes('44{'));
  return socket.received.includes('44{') ? socket : null;
}

describe('[A7] limits by address', () => {
  test('a made-up X-Forwarded-For does not dodge them', async () => {
    const hub = await testHub({ NADI_RATE_FACTOR: '1' });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push(await guess(hub, `203.0.113.${i}`));
    await hub.close();
    // As many tries as one address has, though each named another.
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
  });

  test('behind a trusted proxy everybody is counted by themselves, by what the proxy says last', async () => {
    const hub = await testHub({ NADI_RATE_FACTOR: '0.01', NADI_TRUSTED_PROXIES: 'loopback' });
    // One guess per address and account and minute at this factor.
    expect(await guess(hub, '203.0.113.1')).toBe(401);
    expect(await guess(hub, '203.0.113.1')).toBe(429);
    expect(await guess(hub, '198.51.100.9, 203.0.113.1')).toBe(429);
    expect(await guess(hub, '203.0.113.2')).toBe(401);
    // Ten live connections each.
    const open = [];
    for (let i = 0; i < 10; i++) open.push(await knock(hub, `10.9.8.${i}, 203.0.113.77`));
    expect(open.every((one) => one !== null)).toBe(true);
    expect(await knock(hub, '203.0.113.77')).toBeNull();
    const other = await knock(hub, '203.0.113.78');
    expect(other).not.toBeNull();
    open[0]?.close();
    await until('room for another', async () => {
      const again = await knock(hub, '203.0.113.77');
      again?.close();
      return again;
    });
    for (const one of [...open, other]) one?.close();
    await hub.close();
  });
});

describe('[A7] one who is signed in', () => {
  test('holds so many connections, and no more', async () => {
    const hub = await testHub({ NADI_RATE_FACTOR: '0.02' });
    const { data } = await TestClient.login(hub.url, 'doctor@demo.nadi', demoPassword);
    const connect = async (): Promise<{ socket: RawWebSocket; code: string }> => {
      const socket = await RawWebSocket.open(hub.url);
      socket.text(`40${JSON.stringify({ token: data.accessToken, contract: contractVersion })}`);
      await until('an answer', () => socket.closed || /40\{"sid|44\{/.test(socket.received));
      return { socket, code: /"code":"(\w+)"/.exec(socket.received)?.[1] ?? 'OK' };
    };
    const two = [await connect(), await connect()];
    expect(two.map(({ code }) => code)).toEqual(['OK', 'OK']);
    const third = await connect();
    expect(third.code).toBe('RATE_LIMITED');
    two[0]?.socket.close();
    await until('room for another', async () => {
      const { code, socket } = await connect();
      socket.close();
      return code === 'OK';
    });
    for (const { socket } of [...two, third]) socket.close();
    await hub.close();
  });

  test('and sends so much, then is cut off, and nobody else', async () => {
    const hub = await testHub({ NADI_RATE_FACTOR: '1' });
    const [flood, other] = [await hub.as('patient'), await hub.as('patient2')];
    const frame = { name: 'account.me', input: { padding: 'x'.repeat(60 * 1024) } };
    const frames = Math.ceil((limits.socketBytesAtOnce * 1.5) / (60 * 1024));
    for (let i = 0; i < frames; i++) flood.socket.emit('op', frame);
    await until('the flood to be cut off', () => !flood.socket.connected);
    expect((await other.call('account.me', {})).id).toBe(other.signedIn.account.id);
    await hub.close();
  });
});

test('[A7] who dawdles is hung up on: silent, a header at a time, a WebSocket without a word', async () => {
  const hub = await testHub();
  const wait = { timeoutMs: 40_000 };
  const [silent, slow] = await Promise.all([
    rawExchange(hub.url, '', wait),
    rawExchange(hub.url, 'GET / HTTP/1.1\r\nHost: x\r\nX-A: ', wait),
    RawWebSocket.open(hub.url).then((socket) => until('the hub to hang up', () => socket.closed, wait)),
  ]);
  expect(silent).toMatch(/^(HTTP\/1\.1 408|$)/);
  expect(slow).toMatch(/^HTTP\/1\.1 408/);
  expect((await fetch(`${hub.url}/healthz`)).status).toBe(200);
  await hub.close();
});
