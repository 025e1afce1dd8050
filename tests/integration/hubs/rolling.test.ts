import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readiness } from '../../../shared/contract/routes.ts';
import { Random } from '../../support/chaos/random.ts';
import { Recorder } from '../../support/chaos/Recorder.ts';
import { TwoHubs } from '../../support/chaos/TwoHubs.ts';
import { until } from '../../support/until.ts';

let clinic: TwoHubs;
beforeAll(async () => {
  clinic = await TwoHubs.open({ NADI_DRAIN_MS: '600' }, new Recorder('rolling'), new Random(20261121));
});
afterAll(() => clinic.close());

describe('[I2] a rolling restart of both hubs behind a balancer without stickiness', () => {
  test('each says that it stops, sends its people on, and nothing is lost, done twice or out of order', async () => {
    clinic.begin();
    for (const i of [0, 1] as const) {
      await clinic.busy(20);
      const stopping = clinic.hubs[i];
      const stopped = stopping.kill('SIGTERM');
      const answer = await until('the hub to say that it is not ready', async () => {
        const response = await fetch(`${stopping.url}/readyz`);
        return response.status === 503 && readiness.parse(await response.json());
      });
      expect(answer.checks.database.ok).toBe(true);
      await stopped;
      expect(stopping.log().join('\n')).not.toMatch(/did not stop cleanly/);
      await clinic.busy(10);
      await clinic.restart(i);
    }
    expect(await clinic.finish()).toEqual([]);
  });
});
