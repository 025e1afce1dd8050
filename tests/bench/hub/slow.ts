import { interleave } from '../support/measure.ts';
import { figures, type Figures } from '../support/report.ts';
import type { Stage } from '../support/Stage.ts';

const slowOnes = 50;
/** Frames of some 60 KB to the slow ones alone, until the kernel's buffers are full and everything more would wait in the hub. */
const flood = { times: 250, perTick: 300, everyMs: 30 };

/** 50 of 2,000 stop reading: what they cost the hub in memory, and what the others notice of it. */
export async function slow(stage: Stage): Promise<Figures> {
  const count = stage.scaled(2_000);
  const [everybody = '', theirs = ''] = await stage.sessions(2);
  const staff = await stage.people('staff', 20);
  const greet = (many: number, keys: readonly string[]) =>
    Array.from({ length: many }, (_, i) => ({
      kind: 'hub' as const,
      token: staff[i % staff.length]?.token,
      rooms: keys.map((key) => ({ channel: 'queue', key })),
    }));
  await stage.gather('slow', stage.hub, greet(slowOnes, [everybody, theirs]));
  await stage.gather('others', stage.hub, greet(count - slowOnes, [everybody]));
  const times = 40;
  const others = async (): Promise<number> => {
    await stage.cost(stage.hub, 'others', times * (count - slowOnes), () =>
      stage.publish({ keys: [everybody], times, everyMs: 60 }),
    );
    return (await stage.tally('others')).p99;
  };
  await others();
  const each: number[] = [];
  const withSlow = async (): Promise<number> => {
    const before = (await stage.hub.usage(true)).memory;
    await stage.crowd('reading', { crowd: 'slow', on: false });
    await stage.publish({ keys: [theirs], ...flood });
    const after = (await stage.hub.usage(true)).memory;
    each.push((after - before) / slowOnes);
    const seen = await others();
    await stage.crowd('reading', { crowd: 'slow', on: true });
    await quiet(stage);
    return seen;
  };
  const pairs = await interleave(stage.pairs, withSlow, others);
  const most = Math.max(...each);
  const result = figures({ unit: 'p99 of the others, ms (peer: nobody slow)', target: 1.2, best: 'low' }, pairs, {
    'KiB per slow socket': most / 1024,
    ...(await outcomes(stage.hub.url)),
  });
  return { ...result, json: { ...result.json, met: result.json['met'] === true && most <= 1024 * 1024 } };
}

/** The slow ones have read what waited for them, were told to resync and take part again. */
async function quiet(stage: Stage): Promise<void> {
  for (let last = -1; ;) {
    const { frames } = await stage.tally('slow');
    if (frames === last) return;
    last = frames;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
}

/** How many fell behind, caught up, were cut; over all rounds. */
async function outcomes(url: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.matchAll(/^nadi_slow_readers_total\{outcome="([a-z-]+)"\} (\d+)/gm);
  return Object.fromEntries([...found].map(([, outcome, count]) => [outcome ?? '', Number(count)] as const));
}
