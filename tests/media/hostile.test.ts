import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { sfuErrorCodes, sfuRequests } from '../../shared/contract/sfu.ts';
import { until } from '../support/until.ts';
import { dtlsParameters, opusParameters } from './support/fakeParameters.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { codeOf, SignalClient } from './support/SignalClient.ts';

const seed = Number(process.env['HOSTILE_SEED'] ?? randomInt(2 ** 31));

/** Whatever a client sends, the node answers with a code, keeps its other rooms and goes on. */
describe(`hostile input (HOSTILE_SEED=${seed})`, () => {
  let node: MediaNode;
  beforeAll(async () => {
    node = await startMediaNode({ messagesPerSecond: 10_000, messageBurst: 10_000 });
  });
  afterAll(() => node.node.close());
  const enter = async () => SignalClient.join(node.url, { grant: await node.grant({ room: randomUUID() }) });

  it.each(Object.keys(sfuRequests))('answers generated payloads of %s with a code', async (name) => {
    const { client, joined } = await enter();
    const before = (await node.workers()).map(({ pid }) => pid);
    const nearly = fc.oneof(
      fc.record({ transport: fc.constant(joined.transports.send.id), dtlsParameters: fc.anything() }),
      fc.record({
        kind: fc.constantFrom('audio', 'video', 'screen'),
        source: fc.constantFrom('microphone', 'camera'),
        rtpParameters: fc.oneof(fc.anything(), fc.constant({ ...opusParameters(), codecs: [] })),
      }),
      fc.record({ rtpCapabilities: fc.record({ codecs: fc.array(fc.anything()), headerExtensions: fc.anything() }) }),
      fc.record({ producer: fc.oneof(fc.uuid(), fc.string()) }),
      fc.record({ consumer: fc.oneof(fc.uuid(), fc.string()), spatial: fc.integer() }),
    );
    const payloads = fc.sample(fc.oneof(fc.jsonValue({ maxDepth: 4 }), nearly), { seed, numRuns: 25 });
    for (const payload of payloads) {
      // A payload that happens to be good (`{}` for leave and end) may be: then the seat is gone and the rest needs a new one.
      if (!client.connected) break;
      const sent: unknown = JSON.parse(JSON.stringify(payload) ?? 'null');
      const code = await codeOf(client.raw(name, sent)).catch(() => (client.connected ? 'hung' : 'OK'));
      expect(
        ['OK', ...sfuErrorCodes].filter((known) => known !== 'INTERNAL'),
        JSON.stringify(sent),
      ).toContain(code);
    }
    expect((await node.workers()).map(({ pid }) => pid)).toEqual(before);
    client.close();
  });

  it('answers unknown names, missing acknowledgements and too many arguments', async () => {
    const { client } = await enter();
    for (const name of [
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      'queue.callNext',
      '',
      'x'.repeat(5_000),
    ]) {
      expect(await codeOf(client.raw(name, {}))).toBe('UNKNOWN_OPERATION');
    }
    client.shout('snapshot', {});
    const problem = await until('a problem is reported', () => client.problems.at(0));
    expect(problem.code).toBe('INVALID_INPUT');
    expect(await codeOf(client.raw('snapshot', {}, {}))).toBe('INVALID_INPUT');
    expect(await codeOf(client.raw('snapshot', Buffer.from('bytes')))).toBe('INVALID_INPUT');
    expect(await client.request('snapshot', {})).toHaveProperty('revision');
    client.close();
  });

  it('closes a connection that sends a frame over the limit, and no other', async () => {
    const { client } = await enter();
    const { client: other } = await enter();
    client.shout('snapshot', { padding: 'x'.repeat(70 * 1024) });
    await client.untilGone();
    expect(other.connected).toBe(true);
    other.close();
  });

  it('closes connections that do not speak the protocol', async () => {
    const frames = [
      '9',
      '2',
      '40{"grant"',
      '451-["join",{"_placeholder":true,"num":0}]',
      '42["join"',
      randomBytes(64),
      '\u0000',
    ];
    for (const frame of frames) {
      const socket = new WebSocket(`${node.url.replace('http', 'ws')}/sfu/?EIO=4&transport=websocket`);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.send(frame);
      socket.send(frame);
      // Either it is closed at once or ignored; a connection without a grant is never more than that.
      const outcome = await Promise.race([closed.then(() => 'closed'), sayHello(node)]);
      expect(['closed', 'alive']).toContain(outcome);
      socket.terminate();
    }
    expect((await node.control('/healthz')).status).toBe(200);
  });

  it('refuses long polling and other paths', async () => {
    expect((await fetch(`${node.url}/sfu/?EIO=4&transport=polling`)).status).toBe(400);
    expect((await fetch(`${node.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(401);
  });
});

describe('a client that floods', () => {
  it('is refused, then disconnected; its seat waits and others do not notice', async () => {
    await using node = await startMediaNode({ messagesPerSecond: 1, messageBurst: 5, refusedMessages: 10 });
    const { client } = await SignalClient.join(node.url, { grant: await node.grant() });
    const { client: other } = await SignalClient.join(node.url, {
      grant: await node.grant({ peer: 'patient-1', role: 'patient' }),
    });
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(client.request('snapshot', {}))));
    expect(codes.filter((code) => code === 'OK').length).toBeLessThanOrEqual(5);
    expect(codes.at(-1)).toBe('RATE_LIMITED');
    for (let n = 0; n < 20; n += 1) client.shout('connectTransport', { transport: randomUUID(), dtlsParameters });
    await client.untilGone();
    expect(client.bye).toBe('rate-limited');
    expect(await other.untilChange('peer-state')).toMatchObject({ peer: 'doctor-1', state: 'reconnecting' });
    other.close();
  });
});

async function sayHello(node: MediaNode): Promise<string> {
  const { client } = await SignalClient.join(node.url, { grant: await node.grant({ room: randomUUID() }) });
  client.close();
  return 'alive';
}
