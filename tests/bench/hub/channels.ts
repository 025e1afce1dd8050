import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensurePackages } from '../../../scripts/support/apt.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/until.ts';
import { interleave } from '../support/measure.ts';
import { figures, skipped, type Figures } from '../support/report.ts';
import type { Stage } from '../support/Stage.ts';

const daphne = '/usr/bin/daphne';
const answer = z.object({ cpu: z.number() });

/** The room of 1,000 on Django Channels and Daphne, deliveries per CPU-second of the server process. */
export async function channels(stage: Stage): Promise<Figures> {
  const quiet = { step: () => undefined, info: () => undefined };
  try {
    await ensurePackages(['python3-django-channels', 'daphne'], quiet);
  } catch (error) {
    return skipped(`not installed: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!existsSync(daphne)) return skipped('no daphne after the installation');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(daphne, ['-b', '127.0.0.1', '-p', String(port), '-v', '0', 'channelsServer:application'], {
    cwd: join(import.meta.dirname, '..', 'support'),
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'ignore',
  });
  const post = async (query: string, frame: unknown): Promise<number> => {
    const response = await fetch(`${url}/${query}`, { method: 'POST', body: JSON.stringify(frame) });
    return answer.parse(await response.json()).cpu;
  };
  try {
    await until('Daphne to answer', () => post('', {}), { timeoutMs: 30_000 });
    return await measure(stage, url, post);
  } finally {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

async function measure(
  stage: Stage,
  url: string,
  post: (query: string, frame: unknown) => Promise<number>,
): Promise<Figures> {
  const count = stage.scaled(1_000);
  const times = 10;
  const everyMs = 40;
  const [sessionId = ''] = await stage.sessions(1);
  const staff = await stage.people('staff', 20);
  const rooms = [{ channel: 'queue', key: sessionId }];
  const greet = (kind: 'hub' | 'plain') =>
    Array.from({ length: count }, (_, i) => ({ kind, token: staff[i % staff.length]?.token, rooms }));
  await stage.gather('ours', stage.hub, greet('hub'));
  await stage.gather('django', { url }, greet('plain'), 10);
  const events = times * count;
  const ours = async () =>
    events / (await stage.cost(stage.hub, 'ours', events, () => stage.publish({ keys: [sessionId], times, everyMs })));
  await ours();
  const { last: frame } = await stage.tally('ours');
  const django = async () => {
    await stage.forget('django');
    const before = await post('', {});
    await post(`?times=${times}&ms=${everyMs}`, frame);
    await stage.heard('django', events);
    return events / ((await post('', {})) - before);
  };
  await django();
  const pairs = await interleave(stage.pairs, ours, django);
  return figures({ unit: 'deliveries per CPU-second', target: 1, best: 'high' }, pairs);
}
