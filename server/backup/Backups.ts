import type { Db } from 'mongodb';
import { AppError } from '../../shared/errors.ts';
import { backupFault } from '../../shared/contract/backup.ts';
import type { OutputOf } from '../../shared/contract/index.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import type { Logger } from '../support/logger.ts';
import type { ArchiveKeys } from './archiveKeys.ts';
import { openTarget, type BackupConfig } from './config.ts';
import { BackupError } from './errors.ts';
import { KeyringCopy } from './KeyringCopy.ts';
import { verifyArchive } from './load.ts';
import type { BackupMetrics } from './metrics.ts';
import { expired, lateMs, latestSlot, nextSlot, verifyMs } from './calendar.ts';
import { Runs, type Run } from './Runs.ts';
import { archivesAt, pickBackup, putKeyring, takeBackup, type BackupDeps } from './take.ts';
import type { BackupTarget } from './targets/types.ts';

export interface BackupsDeps {
  readonly db: Db;
  readonly hub: string;
  readonly engine: string;
  readonly config: BackupConfig;
  readonly archiveKeys: ArchiveKeys;
  readonly patientKeys: PatientKeys;
  readonly metrics: BackupMetrics;
  readonly log: Logger;
  readonly now: () => number;
  /** In which the time of day is meant. */
  readonly zone: () => Promise<string>;
  /** Time for writes under way to arrive, ms. */
  readonly settleMs?: number;
}

const aliveEveryMs = 15_000;

/** Backups of this installation: when they are due, by whom they are taken, how long they are kept, and how they stand. */
export class Backups {
  readonly #deps: BackupsDeps;
  readonly #runs: Runs;
  readonly #target: BackupTarget | null;
  readonly #stopping = new AbortController();
  readonly #copy: KeyringCopy | null;
  #work: Promise<unknown> = Promise.resolve();
  #busy = false;

  constructor(deps: BackupsDeps) {
    this.#deps = deps;
    this.#runs = new Runs(deps.db, deps.hub, deps.now);
    this.#target = deps.config.target && openTarget(deps.config.target);
    const { db, patientKeys, now } = deps;
    this.#copy = this.#target && new KeyringCopy({ db, patientKeys, now, put: () => putKeyring(this.#backupDeps()) });
  }

  /** For whoever erases: the copy of the keys beside the backups. */
  get keyring(): Keyring {
    return { rewrite: async () => await this.#copy?.rewrite() };
  }

  /** Looks what is due and begins it; does not wait for its end. Call it every minute, on every hub. */
  async tick(): Promise<void> {
    const { now, config, metrics } = this.#deps;
    if (!this.#target || this.#busy || this.#stopping.signal.aborted) return;
    const last = await this.#runs.latest('backup', 'done');
    metrics.show(last);
    const slot = latestSlot(now(), config.at, await this.#deps.zone());
    if (!last || last.startedAt < slot) {
      const run = await this.#runs.claim(new Date(slot).toISOString(), 'backup');
      if (run) return this.#begin(run, () => this.#take(run));
    }
    if (last) {
      const week = Math.floor(now() / verifyMs);
      const run = await this.#runs.claim(`verify ${week}`, 'verify');
      if (run) return this.#begin(run, () => this.#verify());
    }
    await this.#copy?.look();
  }

  /** An admin's wish. @throws AppError WRONG_STATE without a target, CONFLICT while one is under way. */
  async start(requestId: string): Promise<OutputOf<'backup.start'>> {
    if (!this.#target) throw new AppError('WRONG_STATE', 'no backup target is set');
    const id = `asked ${requestId}`;
    if (await this.#runs.get(id)) return {};
    if (this.#busy || (await this.#runs.running())) throw new AppError('CONFLICT', 'a backup is under way');
    const run = await this.#runs.claim(id, 'backup');
    if (run) this.#begin(run, () => this.#take(run));
    return {};
  }

  async status(): Promise<OutputOf<'backup.status'>> {
    const { config, now } = this.#deps;
    const [last, failed, running, read, unread] = await Promise.all([
      this.#runs.latest('backup', 'done'),
      this.#runs.latest('backup', 'failed'),
      this.#runs.running(),
      this.#runs.latest('verify', 'done'),
      this.#runs.latest('verify', 'failed'),
    ]);
    const verified = unread && unread.startedAt > (read?.startedAt ?? 0) ? unread : read;
    return {
      target: this.#target?.title ?? null,
      running: running !== null,
      nextAt: this.#target ? nextSlot(now(), config.at, await this.#deps.zone()) : null,
      last: last && {
        at: last.startedAt,
        seconds: Math.round(((last.finishedAt ?? last.startedAt) - last.startedAt) / 1000),
        bytes: last.bytes ?? 0,
      },
      failed:
        failed && failed.startedAt > (last?.startedAt ?? 0)
          ? { at: failed.startedAt, fault: backupFault.catch('other').parse(failed.fault) }
          : null,
      verified: verified && { at: verified.startedAt, good: verified.state === 'done' },
      late: this.#target !== null && last !== null && last.startedAt < now() - lateMs,
    };
  }

  /** Breaks off what is under way; another hub takes it up. */
  async stop(): Promise<void> {
    this.#stopping.abort(new BackupError('target', 'the hub stops'));
    await this.#work;
  }

  #begin(run: Run, work: () => Promise<Pick<Run, 'name' | 'bytes'>>): void {
    const { log, metrics } = this.#deps;
    this.#busy = true;
    const alive = setInterval(() => void this.#runs.alive(run).catch(() => undefined), aliveEveryMs);
    this.#work = work()
      .then(
        async (made) => {
          await this.#runs.finish(run, { state: 'done', ...made });
          if (run.kind === 'backup') metrics.show(await this.#runs.get(run._id));
          log.info({ run: run._id, ...made }, `${run.kind} done`);
        },
        async (error: unknown) => {
          const fault = error instanceof BackupError ? error.fault : 'other';
          log.error({ err: error, run: run._id }, `${run.kind} failed`);
          metrics.failures.inc({ kind: run.kind });
          await this.#runs.finish(run, { state: 'failed', fault });
        },
      )
      .catch((error: unknown) => log.error({ err: error, run: run._id }, 'the outcome of a backup was not noted'))
      .finally(() => {
        clearInterval(alive);
        this.#busy = false;
      });
  }

  async #take(run: Run): Promise<Pick<Run, 'name' | 'bytes'>> {
    const { name, bytes } = await takeBackup(this.#backupDeps(), () => this.keyring.rewrite());
    await this.#prune().catch((error: unknown) => {
      this.#deps.log.warn({ err: error, run: run._id }, 'old backups were not removed; the next one will');
    });
    return { name, bytes };
  }

  async #verify(): Promise<Pick<Run, 'name' | 'bytes'>> {
    const { archiveKeys, target } = this.#backupDeps();
    const { archive } = await pickBackup(target);
    await verifyArchive(archiveKeys, target, archive);
    return { name: archive.name, bytes: archive.bytes };
  }

  async #prune(): Promise<void> {
    const { config, zone } = this.#deps;
    const { target } = this.#backupDeps();
    const proven = await this.#runs.latest('verify', 'done');
    const archives = await archivesAt(target);
    for (const { name } of expired(archives, config.keep, await zone(), proven?.name ?? null))
      await target.remove(name);
  }

  #backupDeps(): BackupDeps & { readonly target: BackupTarget } {
    const { db, engine, archiveKeys, patientKeys, now, settleMs } = this.#deps;
    if (!this.#target) throw new BackupError('target', 'no backup target is set');
    return {
      db,
      engine,
      target: this.#target,
      archiveKeys,
      patientKeys,
      now,
      signal: this.#stopping.signal,
      ...(settleMs === undefined ? {} : { settleMs }),
    };
  }
}
