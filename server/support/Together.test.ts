import { expect, test } from 'vitest';
import { Together } from './Together.ts';

/** Work whose end a test decides. */
function stepwise() {
  const runs: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  return { runs, work: () => new Promise<number>((resolve, reject) => runs.push({ resolve, reject })) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('who asks during a run shares the next one with all others who wait, and never the one under way', async () => {
  const together = new Together<number>();
  const { runs, work } = stepwise();
  const first = together.run('a', work);
  const [second, third] = [together.run('a', work), together.run('a', work)];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve(1);
  expect(await first).toBe(1);
  await settle();
  expect(runs).toHaveLength(2);
  const fourth = together.run('a', work);
  runs[1]?.resolve(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  await settle();
  runs[2]?.resolve(3);
  expect(await fourth).toBe(3);
  const later = together.run('a', work);
  expect(runs).toHaveLength(4);
  runs[3]?.resolve(4);
  expect(await later).toBe(4);
});

test('keys have nothing to do with each other, and a failure is only for those who shared it', async () => {
  const together = new Together<number>();
  const { runs, work } = stepwise();
  const [failing, other] = [together.run('a', work), together.run('b', work)];
  const waiting = together.run('a', work);
  runs[0]?.reject(new Error('no'));
  runs[1]?.resolve(1);
  await expect(failing).rejects.toThrow('no');
  expect(await other).toBe(1);
  await settle();
  runs[2]?.resolve(2);
  expect(await waiting).toBe(2);
});
