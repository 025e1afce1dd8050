import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sfuHealth, sfuNodeInfo } from '../../shared/contract/sfu.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { codeOf, SignalClient } from './support/SignalClient.ts';

describe('the control API', () => {
  let node: MediaNode;
  beforeAll(async () => {
    node = await startMediaNode({}, { publicUrl: 'https://media.example.org' });
  });
  afterAll(() => node.node.close());

  const enter = async (room: string, epoch = 1) =>
    SignalClient.join(node.url, { grant: await node.grant({ room, epoch }) });

  it('tells its health to anybody', async () => {
    const { status, body } = await node.control('/healthz', undefined, null);
    expect(status).toBe(200);
    expect(sfuHealth.parse(body)).toEqual({ status: 'ok', bootId: node.bootId, workers: { alive: 1, total: 1 } });
  });

  it.each(['/control/node', '/control/rooms/a', '/metrics', '/control/rooms/a/close', '/nothing'])(
    'gives %s to the holder of the secret only',
    async (path) => {
      for (const bearer of [null, '', 'wrong', node.secret.slice(0, -1), `${node.secret}x`]) {
        const { status, body } = await node.control(path, undefined, bearer);
        expect(status).toBe(401);
        expect(body).toMatchObject({ ok: false, error: { code: 'UNAUTHENTICATED' } });
      }
    },
  );

  it('describes the node and its load', async () => {
    const room = randomUUID();
    const { client } = await enter(room);
    const info = sfuNodeInfo.parse((await node.control('/control/node')).body);
    expect(info).toMatchObject({
      bootId: node.bootId,
      publicUrl: 'https://media.example.org',
      accepting: true,
      load: 1,
    });
    expect(info.workers).toEqual([{ pid: expect.any(Number), rooms: 1, alive: true }]);
    expect(await node.room(room)).toEqual({
      room,
      epoch: 1,
      peers: [{ peer: 'doctor-1', role: 'doctor', connected: true, producers: 0 }],
    });
    const { text } = await node.control('/metrics');
    expect(text).toMatch(/^nadi_sfu_rooms 1$/m);
    expect(text).toMatch(/^nadi_sfu_peers 1$/m);
    expect(text).toMatch(/^nadi_sfu_worker_cpu_seconds\{worker="0"\} \d/m);
    expect(text).not.toContain(room);
    client.close();
  });

  it('ends a room: everybody hears it and nobody comes in by an older grant', async () => {
    const room = randomUUID();
    const { client } = await enter(room);
    const late = await node.grant({ room, peer: 'patient-1', role: 'patient' });
    expect((await node.control(`/control/rooms/${room}/close`, { reason: 'ended' })).body).toEqual({ closed: true });
    await client.untilGone();
    expect(client.bye).toBe('ended');
    expect(await codeOf(SignalClient.connect(node.url, { grant: late }))).toBe('ROOM_ENDED');
    expect((await node.control(`/control/rooms/${room}/close`, { reason: 'ended' })).body).toEqual({ closed: false });
  });

  it('refuses the grants of a room that ended before anybody came', async () => {
    const room = randomUUID();
    const early = await node.grant({ room, epoch: 7 });
    expect((await node.control(`/control/rooms/${room}/close`, { reason: 'ended', epoch: 7 })).body).toEqual({
      closed: false,
    });
    expect(await codeOf(SignalClient.connect(node.url, { grant: early }))).toBe('ROOM_ENDED');
    expect(await codeOf(SignalClient.connect(node.url, { grant: await node.grant({ room, epoch: 8 }) }))).toBe('OK');
  });

  it('moves a room, and leaves a newer placement alone', async () => {
    const room = randomUUID();
    const { client } = await enter(room, 5);
    expect((await node.control(`/control/rooms/${room}/close`, { reason: 'moved', epoch: 4 })).body).toEqual({
      closed: false,
    });
    expect(client.connected).toBe(true);
    expect((await node.control(`/control/rooms/${room}/close`, { reason: 'moved', epoch: 5 })).body).toEqual({
      closed: true,
    });
    await client.untilGone();
    expect(client.bye).toBe('moved');
    expect(await codeOf(enter(room, 5))).toBe('STALE_EPOCH');
  });

  it.each<[string, string, unknown, number, string]>([
    ['an unknown reason', '/control/rooms/a/close', { reason: 'whim' }, 400, 'INVALID_INPUT'],
    ['an unknown member', '/control/rooms/a/close', { reason: 'ended', force: true }, 400, 'INVALID_INPUT'],
    ['no JSON', '/control/rooms/a/close', '{"reason":', 400, 'INVALID_INPUT'],
    ['a body that is too large', '/control/rooms/a/close', { reason: 'x'.repeat(5_000) }, 413, 'LIMIT_EXCEEDED'],
    ['a room name that is none', '/control/rooms/a%00b', undefined, 400, 'INVALID_INPUT'],
    ['a room that is not there', '/control/rooms/nobody', undefined, 404, 'NOT_FOUND'],
    ['a route that is not there', '/control/everything', undefined, 404, 'UNKNOWN_OPERATION'],
    ['a wrong method', '/control/node', {}, 404, 'UNKNOWN_OPERATION'],
  ])('answers %s with a code', async (_what, path, body, status, code) => {
    const answer = await node.control(path, body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ ok: false, error: { code, traceId: expect.any(String) } });
  });
});
