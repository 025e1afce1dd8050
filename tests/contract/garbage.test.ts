import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contractVersion, reply as replySchema } from '../../shared/contract/wire.ts';
import { errorStatus, isErrorCode, type ErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { hubEnvironment } from '../support/hub.ts';
import { startHubProcess, type HubProcess } from '../support/hubProcess.ts';
import { rawExchange, RawWebSocket } from '../support/rawSocket.ts';
import { TestClient } from '../support/TestClient.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
let hub: HubProcess;
let doctor: TestClient;

beforeAll(async () => {
  database = await testDatabase();
  hub = await startHubProcess(hubEnvironment(database).env);
  doctor = await TestClient.as(hub.url, 'doctor');
});
afterAll(async () => {
  doctor.close();
  await hub.close();
  await database.drop();
});

const login = '/api/v1/auth/login';
const json = { 'content-type': 'application/json' };

/** Sends and expects a coded, traced answer under the code's own status, without a word of how the server is made. */
async function refused(path: string, init: RequestInit, code: ErrorCode): Promise<void> {
  const response = await fetch(`${hub.url}${path}`, { ...init, signal: AbortSignal.timeout(15_000) });
  const body: unknown = await response.json();
  const reply = replySchema.parse(body);
  expect(reply).toMatchObject({ ok: false, error: { code } });
  expect(response.status).toBe(errorStatus[code]);
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts|Error|Mongo|express|body-parser/);
}

describe('HTTP that is not what it should be', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) => ({
    method: 'POST',
    headers,
    body,
  });
  const cases: [string, string, RequestInit, ErrorCode][] = [
    ['JSON that ends early', login, post('{"email":'), 'INVALID_INPUT'],
    ['no JSON at all', login, post('<xml/>'), 'INVALID_INPUT'],
    ['an empty body', login, post(''), 'INVALID_INPUT'],
    ['a bare value', login, post('"text"'), 'INVALID_INPUT'],
    ['endless nesting', login, post('['.repeat(30_000)), 'INVALID_INPUT'],
    ['bytes that are no UTF-8', login, post(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])), 'INVALID_INPUT'],
    [
      'a form',
      login,
      post('email=a', { 'content-type': 'application/x-www-form-urlencoded' }),
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['plain text', login, post('{}', { 'content-type': 'text/plain' }), 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'a charset nobody has',
      login,
      post('{}', { 'content-type': 'application/json; charset=klingon' }),
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['an encoding nobody has', login, post('{}', { ...json, 'content-encoding': 'rot13' }), 'UNSUPPORTED_MEDIA_TYPE'],
    ['gzip that is none', login, post('not gzip at all', { ...json, 'content-encoding': 'gzip' }), 'INVALID_INPUT'],
    ['a body over the limit', login, post(`"${'x'.repeat(limits.requestBytes)}"`), 'TOO_LARGE'],
    [
      'a bomb that unpacks over the limit',
      login,
      post(new Uint8Array(gzipSync(`"${'x'.repeat(10_000_000)}"`)), { ...json, 'content-encoding': 'gzip' }),
      'TOO_LARGE',
    ],
    ['the wrong method', login, { method: 'GET' }, 'METHOD_NOT_ALLOWED'],
    ['the wrong method for a query', '/api/v1/queue/sessions', { method: 'DELETE' }, 'METHOD_NOT_ALLOWED'],
    ['an unknown operation', '/api/v1/queue/burn', post('{}'), 'UNKNOWN_OPERATION'],
    ['an operation in another spelling', '/api/v1/queue.callNext', post('{}'), 'UNKNOWN_OPERATION'],
    ['an unknown address under /api', '/api/v2/anything', { method: 'GET' }, 'UNKNOWN_OPERATION'],
    ['prototype names as addresses', '/api/v1/__proto__/constructor', post('{}'), 'UNKNOWN_OPERATION'],
    ['a page of another site', login, post('{}', { ...json, origin: 'https://evil.example' }), 'BAD_ORIGIN'],
    ['an origin that is none', login, post('{}', { ...json, origin: 'null' }), 'BAD_ORIGIN'],
    ['a broken percent code', '/api/v1/queue/%E0%A4%A', post('{}'), 'UNKNOWN_OPERATION'],
    ['a file that is not there', '/assets/nothing-here.js', { method: 'GET' }, 'NOT_FOUND'],
    ['a way out of the folder', '/assets/..%2f..%2fpackage.json', { method: 'GET' }, 'NOT_FOUND'],
    ['a zero byte in a file name', '/assets/a%00b', { method: 'GET' }, 'INVALID_INPUT'],
    ['a broken percent code in a file name', '/assets/%E0%A4%A', { method: 'GET' }, 'INVALID_INPUT'],
    ['a method for no page', '/somewhere', { method: 'PUT' }, 'NOT_FOUND'],
    ['no sign-in', '/api/v1/account/me', { method: 'GET' }, 'UNAUTHENTICATED'],
    ['a token that is none', '/api/v1/account/me', { headers: { authorization: 'Bearer x.y.z' } }, 'UNAUTHENTICATED'],
    [
      'a token without a signature',
      '/api/v1/account/me',
      { headers: { authorization: `Bearer ${unsigned()}` } },
      'UNAUTHENTICATED',
    ],
    [
      'a cookie that is none',
      '/api/v1/auth/refresh',
      { ...post('{}'), headers: { ...json, cookie: 'nadi_refresh=a.1.b' } },
      'UNAUTHENTICATED',
    ],
  ];
  test.each(cases)('%s', async (_what, path, init, code) => await refused(path, init, code));

  const head = 'Host: x\r\nContent-Type: application/json\r\n';
  const raw: [string, string, RegExp][] = [
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1.1 400/],
    ['a length that is no number', `POST ${login} HTTP/1.1\r\n${head}Content-Length: many\r\n\r\n`, /^HTTP\/1.1 400/],
    ['a negative length', `POST ${login} HTTP/1.1\r\n${head}Content-Length: -5\r\n\r\n`, /^HTTP\/1.1 400/],
    [
      'two lengths',
      `POST ${login} HTTP/1.1\r\n${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      /^HTTP\/1.1 400/,
    ],
    [
      'length and chunks',
      `POST ${login} HTTP/1.1\r\n${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1.1 400/,
    ],
    [
      'a chunk that lies',
      `POST ${login} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{}\r\n`,
      /^HTTP\/1.1 400/,
    ],
    [
      'endless headers',
      `GET /api/v1/account/me HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`,
      /^HTTP\/1.1 431/,
    ],
    [
      'a huge length',
      `POST ${login} HTTP/1.1\r\n${head}Connection: close\r\nContent-Length: 99999999999\r\n\r\n{`,
      /^HTTP\/1.1 413/,
    ],
  ];
  test.each(raw)('%s', async (_what, bytes, answer) => {
    expect(await rawExchange(hub.url, bytes)).toMatch(answer);
  });

  test('a body that never comes ends with the connection, and nobody else waits', async () => {
    const half = rawExchange(hub.url, `POST ${login} HTTP/1.1\r\n${head}Content-Length: 50\r\n\r\n{"email"`, {
      end: true,
    });
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200);
    expect(await half).not.toContain('200 OK');
  });
});

describe('handshakes', () => {
  const handshake = async (auth: unknown): Promise<unknown> => {
    const socket = await RawWebSocket.open(hub.url);
    socket.text(`40${typeof auth === 'string' ? auth : JSON.stringify(auth)}`);
    await until('an answer', () => socket.closed || socket.received.includes('44') || socket.received.includes('40{'));
    const text = socket.received;
    socket.close();
    const found = /44(\{.*\})/.exec(text)?.[1];
    return found === undefined ? (socket.closed ? 'closed' : text) : JSON.parse(found);
  };
  const token = () => doctor.signedIn.accessToken;

  test('whoever is not signed in, or too old, gets a code and no connection', async () => {
    const wrong: unknown[] = [
      {},
      { token: 'x', contract: contractVersion },
      { token: { $gt: '' }, contract: contractVersion },
      { token: unsigned(), contract: contractVersion },
      { token: 'x'.repeat(10_000), contract: contractVersion },
    ];
    for (const auth of wrong) {
      expect(await handshake(auth)).toMatchObject({ data: { code: 'UNAUTHENTICATED', traceId: expect.any(String) } });
    }
    expect(await handshake({ token: token(), contract: contractVersion + 1 })).toMatchObject({
      data: { code: 'OUTDATED_CLIENT' },
    });
    expect(await handshake([1, 2])).toBe('closed');
    expect(await handshake({ token: token(), contract: contractVersion })).toContain('"sid"');
  });

  test('another namespace, other transports and other protocol versions are refused', async () => {
    const socket = await RawWebSocket.open(hub.url);
    socket.text('40/admin,{}');
    await until('the refusal', () => socket.received.includes('Invalid namespace') || socket.closed);
    socket.close();
    const polling = await fetch(`${hub.url}/socket.io/?EIO=4&transport=polling`);
    expect(polling.status).toBe(400);
    const old = await RawWebSocket.open(hub.url, '/socket.io/?EIO=3&transport=websocket');
    await until('the old protocol to be cut off', () => old.closed);
    old.close();
    await expect(RawWebSocket.open(hub.url, '/elsewhere')).rejects.toThrow();
  });
});

describe('a socket that talks nonsense', () => {
  /** A connected, signed-in socket without a library around it. */
  async function signedIn(): Promise<RawWebSocket> {
    const socket = await RawWebSocket.open(hub.url);
    socket.text(`40${JSON.stringify({ token: doctor.signedIn.accessToken, contract: contractVersion })}`);
    await until('the connection', () => socket.received.includes('40{"sid"'));
    return socket;
  }
  const closing: [string, (socket: RawWebSocket) => void][] = [
    ['a frame over the limit', (socket) => socket.text('42["op",'.padEnd(limits.requestBytes + 10, 'x'))],
    ['a frame that announces gigabytes', (socket) => socket.frame(1, Buffer.from('42'), { length: 5_000_000_000 })],
    ['an unmasked frame', (socket) => socket.text('42["op",{}]', false)],
    ['a reserved opcode', (socket) => socket.frame(0x5, Buffer.from('42'))],
    ['a control frame too long', (socket) => socket.frame(0x9, Buffer.alloc(200))],
    ['text that is no UTF-8', (socket) => socket.frame(1, Buffer.from([0x34, 0x32, 0xff, 0xfe]))],
    ['a packet type that is none', (socket) => socket.text('9nonsense')],
    ['a socket.io packet that is none', (socket) => socket.text('4z[["')],
    ['an event that is no array', (socket) => socket.text('42{"op":1}')],
    ['an event with a reserved name', (socket) => socket.text('42["disconnect",{}]')],
    ['an acknowledgement number too large', (socket) => socket.text('4299999999999999999999["op"')],
    ['attachments without end', (socket) => socket.text('45999999-["op",{"_placeholder":true,"num":0}]')],
    ['broken JSON', (socket) => socket.text('42["op",{')],
    ['a second CONNECT', (socket) => socket.text('40{}')],
    ['bytes where none were announced', (socket) => socket.frame(2, Buffer.alloc(500))],
  ];
  test.each(closing)('%s: cut off or ignored, and nobody else notices', async (_what, send) => {
    const socket = await signedIn();
    send(socket);
    // Either the hub cuts it off, or it goes on serving it: an op still gets its answer.
    if (!socket.closed) socket.text('421["op",{"name":"account.me","input":{}}]');
    await until('an end or an answer', () => socket.closed || socket.received.includes('431['), { timeoutMs: 15_000 });
    expect(socket.received).not.toMatch(/node_modules|at \w+ \(/);
    socket.close();
    expect((await doctor.call('account.me', {})).id).toBe(doctor.signedIn.account.id);
  });

  test('binary arguments are data like any other', async () => {
    const payloads = [
      Buffer.from('hello'),
      { name: 'account.me', input: Buffer.alloc(10) },
      { name: Buffer.from('x'), input: {} },
    ];
    for (const payload of payloads) {
      const reply = replySchema.parse(await doctor.socket.timeout(15_000).emitWithAck('op', payload));
      expect(reply).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } });
      expect(!reply.ok && isErrorCode(reply.error.code)).toBe(true);
    }
  });

  test('a connection that never says who it is does not stay', async () => {
    const socket = await RawWebSocket.open(hub.url);
    await until('the hub to hang up', () => socket.closed, { timeoutMs: 25_000 });
    socket.close();
  });
});

test('after all of it the hub is the same process, without an error in its log', () => {
  expect(hub.running()).toBe(true);
  expect(hub.log().filter((line) => /unexpected failure|Unhandled|uncaught/i.test(line))).toEqual([]);
});

/** A token that claims to need no signature. */
function unsigned(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: 'admin', sid: 'x', aud: 'nadi', exp: 9_999_999_999 })}.`;
}
