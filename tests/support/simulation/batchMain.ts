import { simulate } from './simulate.ts';

/** `batchMain <first seed> <runs> <stride> <steps>`: a line for the runs that went wrong, and one for the sum. */
const [first = 1, runs = 1, stride = 1, steps = 20] = process.argv.slice(2).map(Number);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

let acknowledged = 0;
let faults = 0;
for (let i = 0; i < runs; i++) {
  const seed = first + i * stride;
  const run = await simulate(seed, steps);
  acknowledged += run.acknowledged;
  faults += run.faults.length;
  if (run.violations.length > 0) say({ seed, violations: run.violations, faults: run.faults });
}
say({ runs, acknowledged, faults });
