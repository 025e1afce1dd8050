import { Counter, Gauge, type Registry } from 'prom-client';
import type { Run } from './Runs.ts';

/** Backups in the hub's metrics; the age is what an alert watches. */
export class BackupMetrics {
  readonly failures: Counter<'kind'>;
  readonly #age: Gauge;
  readonly #bytes: Gauge;
  readonly #seconds: Gauge;
  #last = 0;

  constructor(registry: Registry, now: () => number) {
    const registers = [registry];
    this.failures = new Counter({
      name: 'nadi_backup_failures_total',
      help: 'Backups, and readings back of one, that failed on this hub',
      labelNames: ['kind'],
      registers,
    });
    const last = (): number => this.#last;
    this.#age = new Gauge({
      name: 'nadi_backup_age_seconds',
      help: 'Age of the newest good backup; -1 when there is none yet',
      registers,
      collect() {
        this.set(last() === 0 ? -1 : (now() - last()) / 1000);
      },
    });
    this.#bytes = new Gauge({ name: 'nadi_backup_bytes', help: 'Size of the newest good backup', registers });
    this.#seconds = new Gauge({ name: 'nadi_backup_seconds', help: 'How long the newest good backup took', registers });
  }

  /** The newest good backup is this one. */
  show(run: Run | null): void {
    if (!run) return;
    this.#last = run.startedAt;
    this.#bytes.set(run.bytes ?? 0);
    this.#seconds.set(((run.finishedAt ?? run.startedAt) - run.startedAt) / 1000);
    this.#age.set(0);
  }
}
