import { expect, test } from 'vitest';
import { done, Grouped } from './Grouped.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the first goes alone and at once, those that wait go together; each gets its own answer', async () => {
  const runs: number[][] = [];
  const grouped = new Grouped<number, number>({
    atOnce: 1,
    mostTogether: 3,
    run: async (items) => {
      runs.push([...items]);
      await turn();
      return items.map((item) => (item === 4 ? { ok: false, error: new Error('not 4') } : done(item * 10)));
    },
  });
  const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => grouped.put(item)));
  expect(runs).toEqual([[1], [2, 3, 4], [5]]);
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'refused'))).toEqual([
    10,
    20,
    30,
    'refused',
    50,
  ]);
});

test('a run that fails is everybody’s failure in it, and the next one is tried', async () => {
  let down = true;
  const grouped = new Grouped<number, number>({
    atOnce: 1,
    mostTogether: 9,
    run: (items) => (down ? Promise.reject(new Error('down')) : Promise.resolve(items.map(done))),
  });
  await expect(grouped.put(1)).rejects.toThrow('down');
  down = false;
  expect(await grouped.put(2)).toBe(2);
});
