import { access, constants } from 'node:fs/promises';
import { fail, ok, skipped, type Check } from '../check.ts';
import { cachedMediaWorker } from '../../services/mediaWorker.ts';
import { probeMediaWorker } from '../../services/mediaWorkerProbe.ts';

/** The program that carries the media starts on this machine. */
export const mediaWorker: Check = {
  id: 'media-worker',
  title: 'Media worker',
  run: async ({ sfu, env }) => {
    if (sfu === null) return skipped('no media node on this machine');
    const { binary: cached, version } = await cachedMediaWorker();
    const given = env['MEDIASOUP_WORKER_BIN'];
    const binary = given === undefined || given === '' ? cached : given;
    const there = await access(binary, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!there) {
      if (binary === cached) return skipped('it is fetched or built at the first start');
      return fail(`${binary} is not there or may not be run`, 'Correct MEDIASOUP_WORKER_BIN, or unset it.');
    }
    const problem = await probeMediaWorker(binary, version);
    if (problem === undefined) return ok(`runs (mediasoup ${version})`);
    return fail(`${binary}: ${problem}`, 'Remove it and start again: it is fetched or built anew.');
  },
};
