import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface Started {
  process: ChildProcess;
  /** Resolves when the service answers; rejects when it ended before that. */
  ready: Promise<void>;
  /** Asks for an orderly stop. */
  stop(): void;
}

const firstBackoffMs = 100;
const longestBackoffMs = 5_000;
/** A process that lived this long starts over with the shortest pause. */
const healthyMs = 30_000;

/** A child process that is kept running: when it ends without being asked to, it is started again with growing pauses. */
export class Service {
  readonly #name: string;
  readonly #launch: () => Promise<Started>;
  readonly #report: (line: string) => void;
  readonly #stopped = new AbortController();
  #current: Started | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(name: string, launch: () => Promise<Started>, report: (line: string) => void) {
    this.#name = name;
    this.#launch = launch;
    this.#report = report;
  }

  get pid(): number | undefined {
    return this.#current?.process.pid;
  }

  /** Starts it and waits until it answers. A first start that fails is not repeated: it rejects. */
  async start(): Promise<void> {
    const started = await this.#launch();
    this.#current = started;
    try {
      await started.ready;
    } catch (error) {
      started.process.kill('SIGKILL');
      throw error;
    }
    this.#loop = this.#keep(started);
  }

  async #keep(started: Started): Promise<void> {
    let backoff = firstBackoffMs;
    let current = started;
    while (!this.#stopped.signal.aborted) {
      const since = Date.now();
      await ended(current.process);
      this.#current = undefined;
      if (this.#stopped.signal.aborted) return;
      if (Date.now() - since > healthyMs) backoff = firstBackoffMs;
      this.#report(`${this.#name} ended unexpectedly; starting it again in ${backoff} ms`);
      await delay(backoff, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      if (this.#stopped.signal.aborted) return;
      backoff = Math.min(backoff * 2, longestBackoffMs);
      try {
        current = await this.#launch();
        this.#current = current;
        await current.ready;
      } catch (error) {
        this.#report(`${this.#name} did not start: ${error instanceof Error ? error.message : 'unknown'}`);
        current.process.kill('SIGKILL');
      }
    }
  }

  /** Stops it in order, and by force when it has not ended after `graceMs`. */
  async stop(graceMs = 15_000): Promise<void> {
    this.#stopped.abort();
    const current = this.#current;
    if (current !== undefined && isRunning(current.process)) {
      current.stop();
      const force = setTimeout(() => current.process.kill('SIGKILL'), graceMs);
      await ended(current.process);
      clearTimeout(force);
    }
    await this.#loop;
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null && child.pid !== undefined;
}

async function ended(child: ChildProcess): Promise<void> {
  if (isRunning(child)) await once(child, 'exit').catch(() => undefined);
}
