import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { TlsFront } from '../../../shared/node/TlsFront.ts';
import { selfSigned, type Certificate } from '../../support/certificates.ts';

let folder: string;
let first: Certificate;
let second: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nadi-tls-'));
  [first, second] = await Promise.all([selfSigned(folder, 'first.example'), selfSigned(folder, 'second.example')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a TLS door in front of a plain server', () => {
  let plain: Server;
  let used: Certificate;
  const problems: string[] = [];

  beforeEach(async () => {
    plain = createServer((incoming, response) => {
      response.end(`${incoming.headers.host} ${'encrypted' in incoming.socket}`);
    });
    used = { certFile: join(folder, 'used.crt'), keyFile: join(folder, 'used.key') };
    await use(first, first);
    problems.length = 0;
  });

  async function use(cert: Certificate, key: Certificate): Promise<void> {
    await copyFile(cert.certFile, used.certFile);
    await copyFile(key.keyFile, used.keyFile);
  }

  async function open(): Promise<TlsFront> {
    const config = { ...used, port: 0, host: '127.0.0.1' };
    // Looked at by hand here, not by the clock.
    const front = await TlsFront.open(config, plain, (problem) => problems.push(problem), 3_600_000);
    onTestFinished(() => front.close());
    return front;
  }

  it('[I2] serves what the plain server serves', async () => {
    const front = await open();
    expect(await get(front.port)).toMatchObject({ body: 'clinic.example true', name: 'first.example' });
  });

  it('[I2] takes up a renewed certificate without a restart, and leaves files aside that do not fit together', async () => {
    const front = await open();
    await use(second, first);
    await front.look();
    expect(problems).toHaveLength(1);
    expect((await get(front.port)).name).toBe('first.example');
    await use(second, second);
    await front.look();
    expect((await get(front.port)).name).toBe('second.example');
    expect(problems).toHaveLength(1);
  });

  it('[I2] does not open with a key of another certificate', async () => {
    await use(first, second);
    await expect(open()).rejects.toThrow(/key/);
  });

  /** One request, and the name in the certificate it met. */
  async function get(port: number): Promise<{ body: string; name: string | undefined }> {
    const ca = await Promise.all([first, second].map(({ certFile }) => readFile(certFile)));
    return await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        ca,
        agent: false,
        servername: 'localhost',
        headers: { host: 'clinic.example' },
      };
      request(options, (response) => {
        const socket = response.socket as TLSSocket;
        const certificate: PeerCertificate = socket.getPeerCertificate();
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ body, name: [certificate.subject.CN].flat()[0] }));
      })
        .on('error', reject)
        .end();
    });
  }
});
