import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { SfuErrorCode } from '../shared/contract/sfu.ts';
import type { Peer } from './Peer.ts';
import type { RoomDirectory } from './RoomDirectory.ts';
import type { WorkerPool } from './WorkerPool.ts';

/** Counters and gauges of one node (Prometheus). No label carries a room, a peer or an address. */
export class SfuMetrics {
  readonly #registry = new Registry();
  readonly #joins: Counter<'by'>;
  readonly #refusals: Counter<'code'>;
  readonly #failures: Counter<'code'>;

  /** @param ofProcess also the process's own CPU, memory and event loop; once per process */
  constructor(pool: WorkerPool, directory: RoomDirectory, ofProcess: boolean) {
    const registers = [this.#registry];
    if (ofProcess) collectDefaultMetrics({ register: this.#registry });
    this.#joins = new Counter({ name: 'nadi_sfu_joins_total', help: 'Seats taken', labelNames: ['by'], registers });
    this.#refusals = new Counter({
      name: 'nadi_sfu_refused_connections_total',
      help: 'Connections refused at the handshake',
      labelNames: ['code'],
      registers,
    });
    this.#failures = new Counter({
      name: 'nadi_sfu_failed_requests_total',
      help: 'Signalling requests answered with an error',
      labelNames: ['code'],
      registers,
    });
    gauge('nadi_sfu_rooms', 'Open rooms', () => directory.rooms.size);
    gauge('nadi_sfu_peers', 'Seats taken', () => sum(directory, () => 1));
    gauge('nadi_sfu_producers', 'Tracks sent', () => sum(directory, (peer) => peer.media?.producers.size ?? 0));
    gauge('nadi_sfu_consumers', 'Tracks forwarded', () => sum(directory, (peer) => peer.media?.consumers.size ?? 0));
    gauge('nadi_sfu_workers_alive', 'Live media workers', () => pool.alive);
    gauge('nadi_sfu_worker_deaths', 'Media workers that died since the start', () => pool.deaths);
    new Gauge({
      name: 'nadi_sfu_worker_cpu_seconds',
      help: 'CPU time of each live media worker',
      labelNames: ['worker'],
      registers,
      async collect() {
        this.reset();
        for (const { index, seconds } of await pool.cpuSeconds()) this.set({ worker: String(index) }, seconds);
      },
    });

    function gauge(name: string, help: string, value: () => number): void {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  joined(by: 'grant' | 'resume'): void {
    this.#joins.inc({ by });
  }

  refused(code: SfuErrorCode): void {
    this.#refusals.inc({ code });
  }

  failed(code: SfuErrorCode): void {
    this.#failures.inc({ code });
  }
}

function sum(directory: RoomDirectory, of: (peer: Peer) => number): number {
  let total = 0;
  for (const room of directory.rooms.values()) for (const peer of room.peers.values()) total += of(peer);
  return total;
}
