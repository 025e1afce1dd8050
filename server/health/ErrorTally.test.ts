import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createLogger } from '../support/logger.ts';
import { ErrorTally } from './ErrorTally.ts';

test('[I2] errors of the last hour are counted, earlier ones forgotten', async () => {
  let now = 0;
  const tally = new ErrorTally(() => now);
  tally.note();
  now = 30 * 60_000;
  tally.note();
  tally.note();
  expect(tally.lastHour()).toBe(3);
  now = 60 * 60_000;
  expect(tally.lastHour()).toBe(2);
  now = 90 * 60_000;
  expect(tally.lastHour()).toBe(0);
  const registry = new Registry();
  tally.show(registry);
  tally.note();
  expect(await registry.metrics()).toContain('nadi_log_errors_last_hour 1');
});

test('[I2] a logger tells of its errors, and of nothing less', () => {
  let errors = 0;
  const log = createLogger('fatal', () => (errors += 1));
  log.warn('not one');
  log.error('one that is not shown at this level');
  expect(errors).toBe(0);
  const shown = createLogger('error', () => (errors += 1));
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  shown.warn('not one');
  shown.error('one');
  process.stdout.write = write;
  expect(errors).toBe(1);
});
