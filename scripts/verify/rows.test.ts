import { expect, it } from 'vitest';
import { rowsIn } from './rows.ts';

it('finds rows in titles of describe, it and test, whatever stands between', () => {
  const source = `
    describe('[A1 A3] sign-in', () => {
      it("shows the place [C1, C3]", () => {});
      test.each([1, 2])(\`[D2] mutes %s\`, () => {});
      it(
        '[I1] speaks Hindi', () => {});
    });`;
  expect(rowsIn(source)).toEqual(['A1', 'A3', 'C1', 'C3', 'D2', 'I1']);
});

it('takes neither code nor comments for titles', () => {
  expect(rowsIn("// [B1] later\nconst x = rows[A1]; expect(x).toEqual('[E1]'); it('counts [1]', f)")).toEqual([]);
});
