import { createHmac, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consentType } from '../../shared/contract/sfuRecording.ts';
import { grantType } from '../../shared/contract/sfu.ts';
import { codeOf, SignalClient } from './support/SignalClient.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';

const encode = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

/** The same token with other claims under the old signature. */
function altered(token: string, change: Record<string, unknown>): string {
  const [header, , signature] = token.split('.');
  return [header, encode({ ...claimsOf(token), ...change }), signature].join('.');
}
/** Signed with the public key as if it were a shared secret. */
function confused(token: string, publicKey: KeyObject, typ: string, format: 'der' | 'pem' = 'pem'): string {
  const body = `${encode({ alg: 'HS256', typ })}.${token.split('.')[1]}`;
  const key =
    format === 'pem'
      ? publicKey.export({ format: 'pem', type: 'spki' })
      : publicKey.export({ format: 'der', type: 'spki' });
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}
/** Signed with a key of one's own that the token brings along. */
function selfSigned(token: string, typ: string): string {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const body = `${encode({ alg: 'EdDSA', typ, jwk: publicKey.export({ format: 'jwk' }) })}.${token.split('.')[1]}`;
  return `${body}.${sign(null, Buffer.from(body), privateKey).toString('base64url')}`;
}
function unsigned(token: string, typ: string, alg: string): string {
  return `${encode({ alg, typ })}.${token.split('.')[1]}.`;
}

describe('[A7] forged grants', () => {
  let node: MediaNode;
  beforeAll(async () => {
    node = await startMediaNode();
  });
  afterAll(() => node.node.close());
  const attempt = (grant: string): Promise<string> =>
    codeOf(SignalClient.connect(node.url, { grant }).then((client) => client.close()));

  it.each<[string, Record<string, unknown>]>([
    ['another room', { room: 'somebody-elses' }],
    ['another epoch', { epoch: 9 }],
    ['another peer', { peer: 'doctor-2' }],
    ['another role', { role: 'patient' }],
    ['more permissions', { may: { publish: true, subscribe: true, record: true } }],
    ['another node', { aud: randomUUID() }],
    ['a later end', { exp: Math.floor(Date.now() / 1000) + 7_200 }],
    ['another number', { jti: randomUUID() }],
  ])('changed to %s', async (_what, change) => {
    expect(await attempt(altered(await node.grant(), change))).toBe('GRANT_INVALID');
  });

  it.each(['room', 'epoch', 'peer', 'role', 'may', 'jti', 'iat', 'exp', 'aud'])('without %s', async (claim) => {
    const code = await attempt(await node.grant({}, { extra: { [claim]: undefined } }));
    expect([claim, code]).toEqual([claim, claim === 'aud' ? 'WRONG_NODE' : 'GRANT_INVALID']);
  });

  it('signed in other ways than the hub does', async () => {
    const grant = await node.grant();
    for (const format of ['der', 'pem'] as const) {
      expect(await attempt(confused(grant, node.publicKey, grantType, format))).toBe('GRANT_INVALID');
    }
    for (const alg of ['none', 'None', 'NONE', 'HS256', 'EdDSA']) {
      expect(await attempt(unsigned(grant, grantType, alg))).toBe('GRANT_INVALID');
    }
    expect(await attempt(selfSigned(grant, grantType))).toBe('GRANT_INVALID');
    // None of it has used up the real one.
    expect(await attempt(grant)).toBe('OK');
  });

  it('a good one opens its own room and no other', async () => {
    const { client, joined } = await SignalClient.join(node.url, { grant: await node.grant({ room: 'mine' }) });
    expect(joined.room).toBe('mine');
    expect(await codeOf(client.raw('join', { room: 'theirs' }))).not.toBe('OK');
    expect(await node.room('theirs')).toBeUndefined();
    client.close();
  });

  it('a consent is no grant, and a grant no consent', async () => {
    expect(await attempt(await node.consent('room-1', 'doctor-1'))).not.toBe('OK');
    const { client } = await SignalClient.join(node.url, { grant: await node.grant({ room: 'kinds' }) });
    const grant = await node.grant({ room: 'kinds' });
    expect(await codeOf(client.request('consent', { token: grant }))).toBe('GRANT_INVALID');
    client.close();
  });
});

describe('[D5 A7] forged consents to recording', () => {
  let node: MediaNode;
  let client: SignalClient;
  const room = 'consents';
  beforeAll(async () => {
    node = await startMediaNode();
    ({ client } = await SignalClient.join(node.url, { grant: await node.grant({ room }) }));
  });
  afterAll(async () => {
    client.close();
    await node.node.close();
  });
  const give = async (token: string): Promise<string> => await codeOf(client.request('consent', { token }));
  const good = (): Promise<string> => node.consent(room, 'doctor-1');

  it.each<[string, () => Promise<string>]>([
    ['for another room', () => node.consent('another', 'doctor-1')],
    ['somebody else’s', () => node.consent(room, 'patient-1')],
    ['expired', () => node.consent(room, 'doctor-1', Date.now() - 2 * 3600_000)],
    [
      'signed by another key',
      () => node.consent(room, 'doctor-1', Date.now(), { key: generateKeyPairSync('ed25519').privateKey }),
    ],
    ['a token of another kind', () => node.consent(room, 'doctor-1', Date.now(), { type: 'at+jwt' })],
    ['with a claim too many', () => node.consent(room, 'doctor-1', Date.now(), { extra: { name: 'Asha' } })],
    ['unsigned', async () => unsigned(await good(), consentType, 'none')],
    ['signed with the public key', async () => confused(await good(), node.publicKey, consentType)],
    ['signed with a key it brings along', async () => selfSigned(await good(), consentType)],
    ['changed to another person', async () => altered(await node.consent(room, 'patient-1'), { peer: 'doctor-1' })],
    ['changed to another room', async () => altered(await node.consent('another', 'doctor-1'), { room })],
    ['changed to a later moment', async () => altered(await good(), { givenAt: Date.now() + 3600_000 })],
    ...['room', 'peer', 'jti', 'givenAt', 'iat', 'exp'].map((claim): [string, () => Promise<string>] => [
      `without ${claim}`,
      () => node.consent(room, 'doctor-1', Date.now(), { extra: { [claim]: undefined } }),
    ]),
  ])('%s', async (_what, make) => {
    expect(await give(await make())).toBe('GRANT_INVALID');
  });

  it('one from before a withdrawal is void, however often it is shown', async () => {
    const before = await good();
    expect(await give(before)).toBe('OK');
    await client.request('withdrawConsent', {});
    expect(await give(before)).toBe('GRANT_INVALID');
    expect(await give(before)).toBe('GRANT_INVALID');
  });
});
