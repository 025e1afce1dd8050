import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { contractVersion } from '../../../shared/contract/wire.ts';
import { sfuPath } from '../../../shared/contract/sfu.ts';
import { startMediaNode } from '../../media/support/mediaNode.ts';
import { selfSigned, type Certificate } from '../../support/certificates.ts';
import { testHub } from '../../support/hub.ts';

let folder: string;
let certificate: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nadi-doors-'));
  certificate = await selfSigned(folder, 'clinic.example');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Refused or not, the server behind the TLS door has answered a WebSocket's handshake. */
function verdict(url: string, path: string, auth: object): Promise<string> {
  const socket = io(url, { path, auth, transports: ['websocket'], reconnection: false, rejectUnauthorized: false });
  onTestFinished(() => void socket.close());
  return new Promise((resolve) => {
    socket.on('connect', () => resolve('connected'));
    socket.on('connect_error', (error) => resolve(error.message));
  });
}

describe('TLS without a proxy', () => {
  it('[I2] the hub takes pages and sockets and sets Secure cookies', async () => {
    const hub = await testHub({
      NADI_PUBLIC_URL: 'https://localhost',
      NADI_TLS_CERT: certificate.certFile,
      NADI_TLS_KEY: certificate.keyFile,
      NADI_TLS_PORT: '0',
      NADI_TLS_HOST: '127.0.0.1',
    });
    onTestFinished(() => hub.close());
    const url = `https://localhost:${hub.app.tlsPort}`;
    const { status, cookie } = await signIn(url);
    expect(status).toBe(200);
    expect(cookie).toMatch(/; HttpOnly; Secure; SameSite=Strict/);
    expect(await verdict(url, '/socket.io', { contract: contractVersion, token: null })).toBe('connected');
  });

  it('[D1] the media node takes signalling on its own door', async () => {
    const tls = { ...certificate, port: 0, host: '127.0.0.1' };
    await using node = await startMediaNode({}, { tls });
    const answer = await node.control('/control/node');
    expect(answer.body).toMatchObject({ publicUrl: expect.stringMatching(/^https:\/\/localhost:\d+$/) });
    const { publicUrl } = answer.body as { publicUrl: string };
    expect(await verdict(publicUrl, sfuPath, { grant: 'not a grant' })).toBe('GRANT_INVALID');
    expect(await verdict(publicUrl, sfuPath, { grant: await node.grant() })).toBe('connected');
  });
});

function signIn(url: string): Promise<{ status: number | undefined; cookie: string }> {
  const body = JSON.stringify({ email: 'staff@demo.nadi', password: 'nadi-demo' });
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const options = { method: 'POST', rejectUnauthorized: false, agent: false, headers } as const;
  return new Promise((resolve, reject) => {
    request(`${url}/api/v1/auth/login`, options, (response) => {
      response.resume();
      const cookie = (response.headers['set-cookie'] ?? []).join();
      response.on('end', () => resolve({ status: response.statusCode, cookie }));
    })
      .on('error', reject)
      .end(body);
  });
}
