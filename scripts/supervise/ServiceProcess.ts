import { spawn, type ChildProcess } from 'node:child_process';
import { countDeath, restartDelay, type RestartPolicy } from './backoff.ts';
import { lineSplitter } from './logLine.ts';

/**
 * A process to keep alive. It is run by this Node with an IPC channel and `NADI_SUPERVISED=1`; it must shut down
 * on SIGTERM and on `process.on('disconnect')`, which is how it learns that its supervisor is gone.
 */
export interface ServiceSpec {
  name: string;
  /** Arguments for Node, the script among them; asked again at each start. */
  args: () => readonly string[];
  /** The whole environment; asked again at each start. */
  env: () => NodeJS.ProcessEnv;
  /** How long it may take to stop after SIGTERM before SIGKILL, in milliseconds. */
  stopMs: number;
  /** A message over the IPC channel. */
  onMessage?: (message: unknown) => void;
}

export interface ServiceEvents {
  /** One line of output of the service. */
  line: (name: string, line: string) => void;
  /** Something worth telling about the service itself. */
  note: (name: string, note: string) => void;
  /** It died too often; it is not started again. */
  gaveUp: (name: string, why: string) => void;
}

/** One supervised process over all its lives. */
export class ServiceProcess {
  readonly name: string;
  readonly #spec: ServiceSpec;
  readonly #policy: RestartPolicy;
  readonly #events: ServiceEvents;
  readonly #random: () => number;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #deaths = 0;
  #starts = 0;
  #stopping = false;
  #final = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(spec: ServiceSpec, policy: RestartPolicy, events: ServiceEvents, random: () => number) {
    this.name = spec.name;
    this.#spec = spec;
    this.#policy = policy;
    this.#events = events;
    this.#random = random;
  }

  /** Process id of the present life, undefined between two lives. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  start(): void {
    if (this.#child || this.#stopping) return;
    this.#starts += 1;
    const began = Date.now();
    // A process group of its own: Ctrl-C reaches only the supervisor, which then stops everything in order, and what a
    // dead service leaves behind (media workers, an engine) can be ended as one.
    const child = spawn(process.execPath, this.#spec.args(), {
      env: { ...this.#spec.env(), NADI_SUPERVISED: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child = child;
    this.#relay(child);
    child.on('message', (message) => this.#spec.onMessage?.(message));
    this.#ended = new Promise((resolve) => {
      let over = false;
      const end = (how: string): void => {
        if (over) return;
        over = true;
        killGroup(child);
        this.#child = undefined;
        resolve();
        if (!this.#stopping) this.#died(how, Date.now() - began);
      };
      child.on('error', (error) => end(error.message));
      child.on('exit', (code, signal) => end(signal ? `ended by ${signal}` : `exit code ${code}`));
    });
  }

  /** Asks the process to stop for good, ends it by force after its deadline, and answers when it is gone. */
  async stop(): Promise<void> {
    this.#final = true;
    await this.#halt();
  }

  /** Ends this life and begins the next at once; not counted as a death. Does nothing after a stop. */
  async restart(): Promise<void> {
    await this.#halt();
    if (this.#final) return;
    this.#stopping = false;
    this.start();
  }

  async #halt(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const force = setTimeout(() => {
      this.#events.note(this.name, `did not stop within ${this.#spec.stopMs / 1000} s: ended by force`);
      killGroup(child);
    }, this.#spec.stopMs);
    await this.#ended;
    clearTimeout(force);
  }

  #died(how: string, ranMs: number): void {
    this.#deaths = countDeath(this.#deaths, ranMs, this.#policy);
    const delay = restartDelay(this.#deaths, this.#policy, this.#random());
    if (delay === undefined) {
      this.#events.gaveUp(this.name, `${how}, ${this.#deaths} times in a row`);
      return;
    }
    this.#events.note(this.name, `died (${how}); starting again in ${(delay / 1000).toFixed(1)} s`);
    this.#timer = setTimeout(() => this.start(), delay);
  }

  #relay(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      const lines = lineSplitter();
      const tell = (some: string[]): void => some.forEach((line) => this.#events.line(this.name, line));
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => tell(lines.push(text)));
      stream?.on('end', () => tell(lines.rest()));
    }
  }
}

/** Ends a service and whatever it started; quiet when there is nothing left. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody of the group is alive: what we want.
  }
}
