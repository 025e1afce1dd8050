import { createECDH, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDataFolder, lockDataFolder } from './dataFolder.ts';
import { ensurePortsFree, portFrom } from './ports.ts';
import { SetupError } from './SetupError.ts';
import { demoSecrets } from './secrets.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nadi-setup-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('data folder', () => {
  it('is made for its owner only', async () => {
    await ensureDataFolder(path.join(folder, 'a/b'));
    expect((await stat(path.join(folder, 'a/b'))).mode & 0o777).toBe(0o700);
  });

  it('names the folder, the room and the way out when the disk is full or the path is not a folder', async () => {
    await expect(ensureDataFolder(folder, 1e12)).rejects.toThrow(/is full: \d+ MiB free/);
    await writeFile(path.join(folder, 'file'), '');
    const failure = await ensureDataFolder(path.join(folder, 'file')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SetupError);
    expect((failure as SetupError).remedy).toContain('NADI_DATA=');
  });

  it('takes over a lock whose process is gone or is something else, and releases its own', async () => {
    await writeFile(path.join(folder, 'nadi.pid'), '999999999');
    const release = await lockDataFolder(folder);
    expect(await readFile(path.join(folder, 'nadi.pid'), 'utf8')).toBe(String(process.pid));
    await release();
    await writeFile(path.join(folder, 'nadi.pid'), String(process.ppid));
    await (
      await lockDataFolder(folder)
    )();
    await expect(stat(path.join(folder, 'nadi.pid'))).rejects.toThrow(/ENOENT/);
  });
});

describe('ports', () => {
  it('names the port in use, what for, and the variable that moves it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const failure = await ensurePortsFree([{ port, variable: 'PORT', use: 'the web page' }], '127.0.0.1').catch(
      (error: unknown) => error as SetupError,
    );
    expect(failure?.message).toBe(`Port ${port} (the web page) is in use by another program.`);
    expect(failure?.remedy).toContain(`PORT=${port + 100} npm start`);
    await new Promise((resolve) => server.close(resolve));
    await ensurePortsFree([{ port, variable: 'PORT', use: 'the web page' }], '127.0.0.1');
  });

  it('sees a UDP port in use', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
    const needed = { port: socket.address().port, variable: 'SFU_RTC_PORT', use: 'media', udp: true };
    await expect(ensurePortsFree([needed], '127.0.0.1')).rejects.toThrow(/\(media\) is in use/);
    await new Promise<void>((resolve) => void socket.close(resolve));
  });

  it('refuses what is no port', () => {
    expect(portFrom({}, 'PORT', 3000)).toBe(3000);
    expect(portFrom({ PORT: '8080' }, 'PORT', 3000)).toBe(8080);
    for (const text of ['0', '65536', 'http', '1.5'])
      expect(() => portFrom({ PORT: text }, 'PORT', 3000)).toThrow(text);
  });
});

describe('demo secrets', () => {
  it('are made once, for the owner only, with a key pair that fits', async () => {
    const first = await demoSecrets(folder);
    const again = await demoSecrets(folder);
    expect([first.created, again.created]).toEqual([true, false]);
    expect(again.secrets).toEqual(first.secrets);
    expect((await stat(path.join(folder, 'demo-secrets.json'))).mode & 0o777).toBe(0o600);
    const der = (text: string): Buffer => Buffer.from(text, 'base64');
    const privateKey = createPrivateKey({
      key: der(first.secrets.NADI_GRANT_PRIVATE_KEY),
      format: 'der',
      type: 'pkcs8',
    });
    const publicKey = createPublicKey({ key: der(first.secrets.NADI_GRANT_PUBLIC_KEY), format: 'der', type: 'spki' });
    expect(verify(null, Buffer.from('grant'), publicKey, sign(null, Buffer.from('grant'), privateKey))).toBe(true);
    const vapid = createECDH('prime256v1');
    vapid.setPrivateKey(first.secrets.NADI_VAPID_PRIVATE_KEY, 'base64url');
    expect(vapid.getPublicKey('base64url')).toBe(first.secrets.NADI_VAPID_PUBLIC_KEY);
    expect(Buffer.from(first.secrets.NADI_SECRET, 'base64').length).toBeGreaterThanOrEqual(32);
  });

  it('are refused when damaged, without being shown', async () => {
    await writeFile(path.join(folder, 'demo-secrets.json'), '{"NADI_SECRET":"c2VjcmV0"}');
    const failure = await demoSecrets(folder).catch((error: unknown) => error as SetupError);
    expect(failure).toBeInstanceOf(SetupError);
    expect(String((failure as SetupError).message)).not.toContain('c2VjcmV0');
  });
});
