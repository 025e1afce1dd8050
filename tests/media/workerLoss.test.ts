import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { codeOf, SignalClient } from './support/SignalClient.ts';

describe('a media worker that dies', () => {
  let node: MediaNode;
  beforeAll(async () => {
    node = await startMediaNode({}, { workers: 2 });
  });
  afterAll(() => node.node.close());

  const enter = async (room: string) => SignalClient.join(node.url, { grant: await node.grant({ room }) });

  it('takes its own rooms with it only, is replaced, and its people come again with a new grant', async () => {
    const [doomed, spared] = [randomUUID(), randomUUID()];
    const { client: first, joined } = await enter(doomed);
    const before = await node.workers();
    const victim = before.find(({ rooms }) => rooms === 1);
    const { client: other } = await enter(spared);
    expect((await node.workers()).map(({ rooms }) => rooms)).toEqual([1, 1]);

    process.kill(victim?.pid ?? Number.NaN, 'SIGKILL');
    await first.untilGone();
    expect(first.bye).toBe('worker-lost');
    expect(await codeOf(SignalClient.connect(node.url, { resume: joined.resume }))).toBe('RESUME_INVALID');
    expect(other.connected).toBe(true);
    expect(await other.request('renewTransports', {})).toHaveProperty('send');

    await until('the worker is started again', async () => (await node.workers()).every(({ alive }) => alive));
    const pids = (await node.workers()).map(({ pid }) => pid);
    expect(pids).not.toContain(victim?.pid);
    const { client: again, joined: rejoined } = await enter(doomed);
    expect(rejoined).toMatchObject({ room: doomed, epoch: 1, resumed: false });
    expect((await node.control('/metrics')).text).toContain('nadi_sfu_worker_deaths 1');
    again.close();
    other.close();
  });

  it('comes back again and again', async () => {
    for (let round = 0; round < 2; round += 1) {
      const killed = (await node.workers()).map(({ pid }) => pid);
      for (const pid of killed) process.kill(pid ?? Number.NaN, 'SIGKILL');
      await until(
        'two other workers are alive',
        async () => (await node.workers()).every(({ alive, pid }) => alive && !killed.includes(pid)),
        { timeoutMs: 20_000 },
      );
    }
    const { client } = await enter(randomUUID());
    expect(client.connected).toBe(true);
    client.close();
  });

  it('says that it is degraded and answers a join with a code while no worker is there', async () => {
    // Both have died three times by now: their pause before the next start is seconds long.
    for (const { pid } of await node.workers()) process.kill(pid ?? Number.NaN, 'SIGKILL');
    await until('no worker is alive', async () => (await node.workers()).every(({ alive }) => !alive));
    const { status, body } = await node.control('/healthz', undefined, null);
    expect([status, body]).toEqual([503, { status: 'degraded', bootId: node.bootId, workers: { alive: 0, total: 2 } }]);
    expect(await codeOf(enter(randomUUID()))).toBe('UNAVAILABLE');
    await until('both workers are alive', async () => (await node.workers()).every(({ alive }) => alive), {
      timeoutMs: 30_000,
    });
  });
});
