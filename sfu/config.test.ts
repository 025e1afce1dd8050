import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultLimits, isLoopback, parseSfuConfig, SfuConfigError } from './config.ts';

const key = (type: 'ed25519' | 'x25519'): string => {
  const { publicKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
};
const needed = { NADI_GRANT_PUBLIC_KEY: key('ed25519'), NADI_SFU_SECRET: 's'.repeat(32) };

function problems(env: Record<string, string>): readonly string[] {
  try {
    parseSfuConfig(env);
  } catch (error) {
    if (error instanceof SfuConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('parseSfuConfig', () => {
  it('starts on loopback with what must be given alone', () => {
    expect(parseSfuConfig(needed)).toMatchObject({
      port: 3001,
      host: '127.0.0.1',
      publicUrl: undefined,
      announcedAddress: '127.0.0.1',
      rtcListen: '127.0.0.1',
      rtcPort: 40_000,
      allowedOrigins: 'localhost',
      iceServers: [],
      logLevel: 'info',
      limits: defaultLimits,
    });
  });

  it('listens for media everywhere once it announces an address of a network', () => {
    expect(parseSfuConfig({ ...needed, SFU_ANNOUNCED_ADDRESS: '203.0.113.7' }).rtcListen).toBe('0.0.0.0');
  });

  it('reads lists, JSON and numbers', () => {
    const config = parseSfuConfig({
      ...needed,
      SFU_PUBLIC_URL: 'https://media.example.org/',
      SFU_ALLOWED_ORIGINS: 'https://a.example, https://b.example/',
      SFU_ICE_SERVERS: '[{"urls":"turn:turn.example:3478","username":"u","credential":"c"}]',
      SFU_GRACE_MS: '5000',
      SFU_WORKERS: '',
    });
    expect(config.publicUrl).toBe('https://media.example.org');
    expect(config.allowedOrigins).toEqual(['https://a.example', 'https://b.example']);
    expect(config.iceServers).toEqual([{ urls: 'turn:turn.example:3478', username: 'u', credential: 'c' }]);
    expect(config.limits.graceMs).toBe(5_000);
  });

  it('[D8] takes TURN servers with their secret, and neither without the other', () => {
    const urls = 'turn:turn.example:3478?transport=udp, turns:turn.example:5349';
    const secret = 'not-to-be-guessed-by-anybody';
    expect(parseSfuConfig({ ...needed, SFU_TURN_URLS: urls, SFU_TURN_SECRET: secret }).turn).toEqual({
      urls: ['turn:turn.example:3478?transport=udp', 'turns:turn.example:5349'],
      secret,
    });
    expect(problems({ ...needed, SFU_TURN_URLS: urls })).toEqual([
      'SFU_TURN_SECRET is not set: needed with SFU_TURN_URLS',
    ]);
    expect(problems({ ...needed, SFU_TURN_SECRET: secret, SFU_TURN_URLS: 'https://turn.example' })).toEqual([
      expect.stringContaining('SFU_TURN_URLS: must look like'),
    ]);
  });

  it('lists every problem and no value', () => {
    const found = problems({
      NADI_GRANT_PUBLIC_KEY: key('x25519'),
      SFU_PORT: 'http',
      SFU_PUBLIC_URL: 'ftp://files.example',
      SFU_ICE_SERVERS: '{"secret-credential"',
      LOG_LEVEL: 'loud',
    });
    expect(found.map((problem) => problem.split(/[: ]/)[0]).sort()).toEqual(
      ['LOG_LEVEL', 'NADI_GRANT_PUBLIC_KEY', 'NADI_SFU_SECRET', 'SFU_ICE_SERVERS', 'SFU_PORT', 'SFU_PUBLIC_URL'].sort(),
    );
    expect(found).toContain('NADI_SFU_SECRET is not set');
    expect(found.join()).not.toContain('secret-credential');
  });
});

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.8.9.1', '::1', '[::1]', 'nadi.localhost'])('holds for %s', (name) => {
    expect(isLoopback(name)).toBe(true);
  });
  it.each(['localhost.evil.example', '1127.0.0.1', '127.0.0.1.evil.example', '10.0.0.1', ''])('not for %s', (name) => {
    expect(isLoopback(name)).toBe(false);
  });
});
