import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, SignalClient } from './support/SignalClient.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';

/** Who is let in, tried on a whole node. */
describe('admission to a node', () => {
  let node: MediaNode;
  beforeAll(async () => {
    node = await startMediaNode();
  });
  afterAll(() => node.node.close());

  const attempt = (auth: Record<string, unknown>, headers: Record<string, string> = {}): Promise<string> =>
    codeOf(SignalClient.connect(node.url, auth, headers).then((client) => client.close()));
  const seconds = (): number => Math.floor(Date.now() / 1000);

  it('lets a good grant in, once', async () => {
    const grant = await node.grant();
    expect(await attempt({ grant })).toBe('OK');
    expect(await attempt({ grant })).toBe('GRANT_REPLAYED');
  });

  it('lets only one of two in that show the same grant at the same moment', async () => {
    const grant = await node.grant();
    const codes = await Promise.all([attempt({ grant }), attempt({ grant }), attempt({ grant })]);
    expect(codes.sort()).toEqual(['GRANT_REPLAYED', 'GRANT_REPLAYED', 'OK']);
  });

  it.each<[string, () => Promise<string>, string]>([
    ['expired', () => node.grant({ iat: seconds() - 120, exp: seconds() - 10 }), 'GRANT_EXPIRED'],
    ['for another node', () => node.grant({ aud: randomUUID() }), 'WRONG_NODE'],
    ['longer than two minutes', () => node.grant({ exp: seconds() + 121 }), 'GRANT_INVALID'],
    ['issued in the future', () => node.grant({ iat: seconds() + 60, exp: seconds() + 120 }), 'GRANT_INVALID'],
    [
      'signed by somebody else',
      () => node.grant({}, { key: generateKeyPairSync('ed25519').privateKey }),
      'GRANT_INVALID',
    ],
    ['a token of another kind', () => node.grant({}, { type: 'at+jwt' }), 'GRANT_INVALID'],
    ['with a claim too many', () => node.grant({}, { extra: { name: 'Asha' } }), 'GRANT_INVALID'],
    ['with an unknown role', () => node.grant({}, { extra: { role: 'admin' } }), 'GRANT_INVALID'],
    ['unsigned', async () => unsigned(await node.grant()), 'GRANT_INVALID'],
    ['tampered with', async () => tampered(await node.grant()), 'GRANT_INVALID'],
    ['not a token', async () => 'x'.repeat(100), 'GRANT_INVALID'],
  ])('refuses a grant that is %s', async (_what, make, code) => {
    expect(await attempt({ grant: await make() })).toBe(code);
  });

  it.each<[string, Record<string, unknown>]>([
    ['nothing', {}],
    ['both kinds', { grant: 'a', resume: 'A'.repeat(43) }],
    ['a number', { grant: 7 }],
    ['an endless string', { grant: 'x'.repeat(10_000) }],
    ['an object', { resume: { $ne: null } }],
  ])('refuses a handshake with %s', async (_what, auth) => {
    expect(await attempt(auth)).toBe('UNAUTHENTICATED');
  });

  it('refuses a resume token nobody was given', async () => {
    expect(await attempt({ resume: 'A'.repeat(43) })).toBe('RESUME_INVALID');
  });

  it('refuses an older placement of a room, and a newer one moves those inside', async () => {
    const room = 'moving';
    const { client: first } = await SignalClient.join(node.url, { grant: await node.grant({ room, epoch: 3 }) });
    expect(await attempt({ grant: await node.grant({ room, epoch: 2, peer: 'patient-1' }) })).toBe('STALE_EPOCH');
    const { client: second, joined } = await SignalClient.join(node.url, {
      grant: await node.grant({ room, epoch: 4 }),
    });
    expect(joined.epoch).toBe(4);
    await first.untilGone();
    expect(first.bye).toBe('moved');
    expect(await attempt({ grant: await node.grant({ room, epoch: 3 }) })).toBe('STALE_EPOCH');
    second.close();
  });

  it('lets pages of allowed origins in only', async () => {
    const tryFrom = async (origin: string): Promise<string> =>
      attempt({ grant: await node.grant() }, { origin }).catch(() => 'closed');
    expect(await tryFrom('http://localhost:3000')).toBe('OK');
    expect(await tryFrom('https://evil.example')).toBe('closed');
    expect(await tryFrom('null')).toBe('closed');
  });
});

function unsigned(grant: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'nadi-grant+jwt' })).toString('base64url');
  return `${header}.${grant.split('.')[1]}.`;
}

function tampered(grant: string): string {
  const [header = '', payload = '', signature = ''] = grant.split('.');
  const claims = Buffer.from(payload, 'base64url').toString().replace('"doctor-1"', '"doctor-2"');
  return [header, Buffer.from(claims).toString('base64url'), signature].join('.');
}
