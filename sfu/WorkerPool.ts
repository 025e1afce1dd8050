import type * as Mediasoup from 'mediasoup';
import type { types } from 'mediasoup';
import type { Logger } from 'pino';
import type { SfuConfig } from './config.ts';
import { SfuFailure } from './SfuFailure.ts';

/** One live media worker with its media ports. */
export interface MediaWorker {
  readonly index: number;
  readonly worker: types.Worker;
  readonly server: types.WebRtcServer;
  /** Rooms routed on it. */
  rooms: number;
}

interface Slot {
  readonly index: number;
  current: MediaWorker | undefined;
  restarts: number;
  timer: NodeJS.Timeout | undefined;
}

const STOP_DEADLINE_MS = 3_000;
const MAX_BACKOFF_MS = 30_000;
/** A worker that lived this long earns a prompt restart again. */
const SETTLED_MS = 60_000;

/**
 * One mediasoup worker per core, each with one WebRtcServer on one UDP and one TCP port. A worker that dies is reported and
 * started again, at once the first time, later with a growing pause.
 */
export class WorkerPool {
  readonly #config: SfuConfig;
  readonly #log: Logger;
  /** Told synchronously when a worker has died; everything on it is gone already. */
  onLost: (lost: MediaWorker) => void = () => undefined;
  readonly #slots: Slot[] = [];
  #mediasoup: typeof Mediasoup | undefined;
  #closed = false;
  #deaths = 0;

  private constructor(config: SfuConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  /**
   * Starts all workers.
   *
   * @throws when a worker cannot start (binary missing, port in use); the ones already started are stopped
   */
  static async start(config: SfuConfig, log: Logger): Promise<WorkerPool> {
    const pool = new WorkerPool(config, log);
    pool.#mediasoup = await loadMediasoup(config.workerBin);
    try {
      for (let index = 0; index < config.workers; index += 1) {
        const slot: Slot = { index, current: undefined, restarts: 0, timer: undefined };
        pool.#slots.push(slot);
        await pool.#startSlot(slot);
      }
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  get alive(): number {
    return this.#slots.filter((slot) => slot.current !== undefined).length;
  }

  get total(): number {
    return this.#slots.length;
  }

  /** Workers that died since the start. */
  get deaths(): number {
    return this.#deaths;
  }

  get codecs(): types.RouterRtpCodecCapability[] {
    return structuredClone(mediaCodecs);
  }

  /**
   * The live worker with the fewest rooms.
   *
   * @throws SfuFailure UNAVAILABLE when none is alive, LIMIT_EXCEEDED when all are full
   */
  pick(): MediaWorker {
    const live = this.#slots.flatMap((slot) => (slot.current === undefined ? [] : [slot.current]));
    const [first] = live.sort((a, b) => a.rooms - b.rooms || a.index - b.index);
    if (first === undefined) throw new SfuFailure('UNAVAILABLE', 'no media worker is running at the moment');
    if (first.rooms >= this.#config.limits.roomsPerWorker) throw new SfuFailure('LIMIT_EXCEEDED', 'this node is full');
    return first;
  }

  describe(): { pid?: number; rooms: number; alive: boolean }[] {
    return this.#slots.map(({ current }) =>
      current === undefined
        ? { rooms: 0, alive: false }
        : { pid: current.worker.pid, rooms: current.rooms, alive: true },
    );
  }

  /** CPU time used by each live worker, in seconds, for metrics. */
  async cpuSeconds(): Promise<{ index: number; seconds: number }[]> {
    const used = this.#slots.flatMap(({ current }) =>
      current === undefined
        ? []
        : [
            current.worker.getResourceUsage().then(
              (usage) => ({ index: current.index, seconds: (usage.ru_utime + usage.ru_stime) / 1000 }),
              () => undefined, // it died in between
            ),
          ],
    );
    return (await Promise.all(used)).filter((entry) => entry !== undefined);
  }

  /** Stops every worker and waits until their processes are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#slots.map((slot) => {
      clearTimeout(slot.timer);
      const current = slot.current;
      slot.current = undefined;
      return current === undefined ? Promise.resolve() : stopped(current.worker);
    });
    await Promise.all(running);
  }

  async #startSlot(slot: Slot): Promise<void> {
    if (this.#mediasoup === undefined) throw new Error('the pool has not been started');
    const { announcedAddress, rtcListen, rtcPort } = this.#config;
    const worker = await this.#mediasoup.createWorker({ logLevel: 'warn', logTags: ['ice', 'dtls', 'rtp'] });
    // Listen from the start: it may die while its ports are being opened.
    let media: MediaWorker | undefined;
    worker.once('died', (error) => this.#died(slot, media, error));
    const port = rtcPort === 0 ? {} : { port: rtcPort + slot.index };
    const listen = { ip: rtcListen, announcedAddress, ...port };
    try {
      const server = await worker.createWebRtcServer({
        listenInfos: [
          { protocol: 'udp', ...listen },
          { protocol: 'tcp', ...listen },
        ],
      });
      media = { index: slot.index, worker, server, rooms: 0 };
    } catch (error) {
      worker.close();
      const cause = error instanceof Error ? error.message : String(error);
      throw new Error(`media worker ${slot.index} cannot listen on ${rtcListen} port ${port.port ?? 'any'}: ${cause}`, {
        cause: error,
      });
    }
    if (this.#closed) return stopped(worker);
    slot.current = media;
    const settled = setTimeout(() => {
      if (slot.current === media) slot.restarts = 0;
    }, SETTLED_MS);
    settled.unref();
  }

  #died(slot: Slot, lost: MediaWorker | undefined, error: Error): void {
    if (this.#closed) return;
    this.#deaths += 1;
    this.#log.error({ worker: slot.index, cause: error.message }, 'media worker died');
    if (lost === undefined) return; // while starting: whoever starts it sees the failure
    slot.current = undefined;
    this.onLost(lost);
    this.#restart(slot);
  }

  #restart(slot: Slot): void {
    const pause = slot.restarts === 0 ? 0 : Math.min(MAX_BACKOFF_MS, 500 * 2 ** slot.restarts);
    slot.restarts += 1;
    slot.timer = setTimeout(() => {
      this.#startSlot(slot).catch((error: unknown) => {
        if (this.#closed) return;
        this.#log.error({ worker: slot.index, cause: String(error) }, 'media worker does not restart');
        this.#restart(slot);
      });
    }, pause);
  }
}

/** VP8 first, since every browser encodes it with simulcast; H264 constrained baseline for what lacks VP8; no VP9 SVC (iOS). */
const mediaCodecs: types.RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1, minptime: 10 },
    rtcpFeedback: [{ type: 'nack' }, { type: 'transport-cc' }],
  },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000, parameters: { 'x-google-start-bitrate': 800 } },
  {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
  },
];

/** mediasoup reads the binary's path once, when it is imported. */
async function loadMediasoup(workerBin: string | undefined): Promise<typeof Mediasoup> {
  if (workerBin !== undefined) process.env['MEDIASOUP_WORKER_BIN'] = workerBin;
  const mediasoup = await import('mediasoup');
  if (workerBin !== undefined && mediasoup.workerBin !== workerBin) {
    throw new Error('mediasoup was imported earlier with another worker binary');
  }
  return mediasoup;
}

async function stopped(worker: types.Worker): Promise<void> {
  if (worker.subprocessClosed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      try {
        process.kill(worker.pid, 'SIGKILL');
      } catch {
        // gone meanwhile
      }
      resolve();
    }, STOP_DEADLINE_MS);
    worker.once('subprocessclose', () => {
      clearTimeout(timer);
      resolve();
    });
    worker.close();
  });
}
