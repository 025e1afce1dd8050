import { AppError } from '../../../shared/errors.ts';
import type { EventLog, StoredEvent } from './log.ts';
import { effectLeaseMs, eventId, toStreamEvent } from './log.ts';
import type { Command, CommitNotice, Committed, Decision, Loaded, StreamEvent, StreamKind } from './types.ts';

/** Decides one command on the state as it is; throws an `AppError` to refuse. Pure: may run again after a conflict. */
export type Decide<S, E extends StreamEvent> = (state: S, at: number) => Decision<E>;

interface Waiting<S, E extends StreamEvent> {
  readonly command: Command;
  readonly decide: Decide<S, E>;
  readonly resolve: (committed: Committed<S, E>) => void;
  readonly reject: (error: unknown) => void;
}
interface Planned<S, E extends StreamEvent> {
  readonly waiting: Waiting<S, E>;
  readonly stored: StoredEvent;
  readonly event: E;
  readonly state: S;
}

const batchSize = 64;
const conflictTries = 200;
/** Events younger than this are told to listeners when a stream is first loaded, ms: as far back as tails are read. */
const recentMs = 60_000;

export interface MailboxDeps<S, E extends StreamEvent> {
  readonly log: EventLog;
  readonly hub: string;
  readonly now: () => number;
  readonly notify: (notice: CommitNotice<S, E>) => void;
  /** Runs the effects of what was just committed here. */
  readonly drain: (events: readonly StoredEvent[]) => void;
  /** This hub appended up to `seq`. */
  readonly onAppend: (epoch: number, seq: number) => void;
  readonly onConflict: () => void;
}

/**
 * The only writer of one stream in this hub. Commands are decided in arrival order on the state after the ones before
 * them and appended with the expected seq, many per round trip. Another hub's append makes ours conflict: the tail is
 * read and what did not get in is decided again. A refusal counts only on a state that was read fresh.
 */
export class Mailbox<S, E extends StreamEvent> {
  readonly key: string;
  lastUsed = 0;
  readonly #kind: StreamKind<S, E>;
  readonly #deps: MailboxDeps<S, E>;
  readonly #stream: string;
  readonly #seen = new Map<string, number>();
  #recent: E[] = [];
  #state: S;
  #epoch = 0;
  #seq = 0;
  #at = 0;
  #loaded = false;
  /** Whoever stands up to here has read it as it was before it was read anew. */
  #rereadAt = -1;
  #queue: Waiting<S, E>[] = [];
  #work: Promise<void> = Promise.resolve();
  #running = false;

  constructor(kind: StreamKind<S, E>, key: string, deps: MailboxDeps<S, E>) {
    this.#kind = kind;
    this.key = key;
    this.#deps = deps;
    this.#stream = `${kind.name}:${key}`;
    this.#state = kind.empty;
  }

  get head(): Loaded<S> {
    return { epoch: this.#epoch, seq: this.#seq, state: this.#state };
  }

  /** The state in memory, read from the log first when this hub has not got it yet. */
  async load(): Promise<Loaded<S>> {
    this.lastUsed = this.#deps.now();
    if (!this.#loaded) await this.#serially(() => this.#ensureLoaded());
    return this.head;
  }

  /** Reads what other hubs appended. */
  async refresh(): Promise<void> {
    // In line behind a load that may have read the log just before: what it missed is read now.
    await this.#serially(async () => {
      if (this.#loaded) await this.#readTail();
    });
  }

  /** Reads all of it anew, without telling anybody. */
  async reread(): Promise<void> {
    await this.#serially(async () => {
      if (!this.#loaded) return;
      const stored = await this.#readStart();
      this.#recent = [];
      this.#begin(stored);
      this.#rereadAt = this.#seq;
    });
  }

  /** Events after `seq` that are still in memory without a hole, or null when a snapshot is needed. */
  since(epoch: number, seq: number): E[] | null {
    if (epoch !== this.#epoch || seq > this.#seq || seq <= this.#rereadAt) return null;
    if (seq === this.#seq) return [];
    const first = this.#recent[0];
    if (!first || first.seq > seq + 1) return null;
    return this.#recent.slice(seq + 1 - first.seq);
  }

  submit(command: Command, decide: Decide<S, E>): Promise<Committed<S, E>> {
    this.lastUsed = this.#deps.now();
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, decide, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      void this.#serially(() => this.#run());
    });
  }

  #serially<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#work.then(step);
    this.#work = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  async #run(): Promise<void> {
    let batch: Waiting<S, E>[] = [];
    try {
      let tries = 0;
      await this.#ensureLoaded();
      while (this.#queue.length > 0) {
        batch = this.#queue.splice(0, batchSize);
        const progress = await this.#process(batch);
        tries = progress ? 0 : tries + 1;
        if (tries > conflictTries) throw new AppError('UNAVAILABLE', 'the stream is too contended');
      }
    } catch (error) {
      // Also those taken out of the queue: rejecting who has been answered changes nothing, forgetting one hangs its caller.
      for (const waiting of [...batch, ...this.#queue.splice(0)]) waiting.reject(unavailable(error));
    } finally {
      this.#running = false;
    }
  }

  /** One round: plan, append, settle. What lost the race goes back to the front. Returns whether anything was settled. */
  async #process(batch: Waiting<S, E>[]): Promise<boolean> {
    const { planned, refused, replayed, later } = await this.#plan(batch);
    for (const { waiting, seq } of replayed) await this.#replay(waiting, seq);
    let settled = replayed.length;
    let back: Waiting<S, E>[] = [];
    if (planned.length > 0) {
      let appended;
      try {
        appended = await this.#deps.log.append(planned.map((plan) => plan.stored));
      } catch (error) {
        if (error instanceof AppError) {
          // Refused before anything was written.
          for (const { waiting } of planned) waiting.reject(error);
          for (const refusal of refused) refusal.waiting.reject(refusal.error);
          this.#queue.unshift(...later);
          return true;
        }
        // Nobody knows how much got in. If it did, the tail shows it and the command key makes the next round a replay.
        this.#queue.unshift(...batch.filter((waiting) => !replayed.some((done) => done.waiting === waiting)));
        await this.#readTail().catch(() => Promise.reject(unavailable(error)));
        return false;
      }
      const won = planned.slice(0, appended.count);
      this.#settle(won);
      settled += won.length;
      back = planned.slice(appended.count).map((plan) => plan.waiting);
      if (appended.conflict) {
        this.#deps.onConflict();
        if (await this.#replayIfDone(back[0])) back.shift();
        await this.#readTail();
        back = [...back, ...refused.map((refusal) => refusal.waiting)];
        refused.length = 0;
      }
    }
    settled += refused.length;
    for (const { waiting, error } of refused) waiting.reject(error);
    this.#queue.unshift(...back, ...later);
    return settled > 0;
  }

  /** Decides a batch in memory. A refusal on a state that may be stale makes the tail be read and all decided anew. */
  async #plan(batch: readonly Waiting<S, E>[]) {
    for (let fresh = false; ; fresh = true) {
      const planned: Planned<S, E>[] = [];
      const refused: { waiting: Waiting<S, E>; error: unknown }[] = [];
      const replayed: { waiting: Waiting<S, E>; seq: number }[] = [];
      const later: Waiting<S, E>[] = [];
      const keys = new Set<string>();
      let state = this.#state;
      let seq = this.#seq;
      for (const waiting of batch) {
        const { key } = waiting.command;
        const done = this.#seen.get(key);
        if (done !== undefined) {
          replayed.push({ waiting, seq: done });
        } else if (keys.has(key)) {
          later.push(waiting);
        } else {
          keys.add(key);
          const at = Math.max(this.#deps.now(), this.#at);
          try {
            const plan = this.#build(waiting, state, seq + 1, at);
            planned.push(plan);
            state = plan.state;
            seq += 1;
          } catch (error) {
            refused.push({ waiting, error });
          }
        }
      }
      if (refused.length === 0 || fresh) return { planned, refused, replayed, later };
      const before = this.#seq;
      await this.#readTail();
      if (this.#seq === before) return { planned, refused, replayed, later };
    }
  }

  #build(waiting: Waiting<S, E>, state: S, seq: number, at: number): Planned<S, E> {
    const decision = waiting.decide(state, at);
    const raw = { seq, at, v: 1, type: decision.type, data: decision.data };
    const event = this.#kind.event.parse(raw);
    const effects = (decision.effects ?? []).map((effect) => ({
      id: `${this.#stream}:${this.#epoch}:${seq}:${effect.kind}`,
      kind: effect.kind,
      data: { ...effect.data },
      state: 'pending' as const,
      attempts: 0,
    }));
    const { accountId, role, key } = waiting.command;
    const stored: StoredEvent = {
      _id: eventId(this.#stream, this.#epoch, seq),
      stream: this.#stream,
      epoch: this.#epoch,
      ...raw,
      v: event.v,
      cmd: key,
      by: { accountId, role },
      hub: this.#deps.hub,
      ...(effects.length > 0 ? { effects, due: at + effectLeaseMs } : {}),
    };
    return { waiting, stored, event, state: this.#kind.reduce(state, event) };
  }

  #settle(won: readonly Planned<S, E>[]): void {
    const last = won.at(-1);
    if (!last) return;
    for (const { stored, event } of won) this.#remember(stored, event);
    this.#state = last.state;
    this.#seq = last.stored.seq;
    this.#deps.onAppend(this.#epoch, this.#seq);
    this.#publish(won.map((plan) => plan.event));
    for (const { waiting, event, state } of won) {
      waiting.resolve({ epoch: this.#epoch, seq: event.seq, state, event, replayed: false });
    }
    this.#deps.drain(won.map((plan) => plan.stored).filter((stored) => stored.effects));
  }

  async #replayIfDone(waiting: Waiting<S, E> | undefined): Promise<boolean> {
    if (!waiting) return false;
    const done = await this.#deps.log.byCommand(this.#stream, waiting.command.key);
    if (!done) return false;
    this.#answer(waiting, this.#parse(done));
    return true;
  }

  async #replay(waiting: Waiting<S, E>, seq: number): Promise<void> {
    const kept = this.#recent.find((event) => event.seq === seq);
    if (kept) return this.#answer(waiting, kept);
    const done = await this.#deps.log.byCommand(this.#stream, waiting.command.key);
    if (done) this.#answer(waiting, this.#parse(done));
    else waiting.reject(new AppError('INTERNAL', 'a remembered command is not in the log'));
  }

  #answer(waiting: Waiting<S, E>, event: E): void {
    waiting.resolve({ epoch: this.#epoch, seq: event.seq, state: this.#state, event, replayed: true });
  }

  async #ensureLoaded(): Promise<void> {
    if (this.#loaded) return;
    this.#epoch = await this.#deps.log.epoch(this.#stream);
    const events = this.#begin(await this.#readStart());
    this.#loaded = true;
    // What another hub wrote just before nobody here has been told of yet.
    const recent = events.filter((event) => event.at > this.#deps.now() - recentMs);
    if (recent.length > 0) this.#publish(recent);
  }

  /** What the state is made of. */
  async #readStart(): Promise<StoredEvent[]> {
    const { window } = this.#kind;
    return window === undefined
      ? await this.#deps.log.after(this.#stream, this.#epoch, 0)
      : await this.#deps.log.latest(this.#stream, window);
  }

  #begin(stored: readonly StoredEvent[]): E[] {
    this.#state = this.#kind.empty;
    if ((stored[0]?.seq ?? 1) > 1 && this.#kind.truncated) this.#state = this.#kind.truncated(this.#state);
    return this.#apply(stored);
  }

  async #readTail(): Promise<void> {
    const stored = await this.#deps.log.after(this.#stream, this.#epoch, this.#seq);
    if (stored.length === 0) return;
    this.#publish(this.#apply(stored));
    // Our own whose answer got lost: their effects are ours to run, too.
    this.#deps.drain(stored.filter((one) => one.hub === this.#deps.hub && one.due !== undefined));
  }

  #apply(stored: readonly StoredEvent[]): E[] {
    return stored.map((one) => {
      const event = this.#parse(one);
      this.#state = this.#kind.reduce(this.#state, event);
      this.#seq = one.seq;
      this.#remember(one, event);
      return event;
    });
  }

  #parse(stored: StoredEvent): E {
    return this.#kind.event.parse(this.#kind.upcast(toStreamEvent(stored)));
  }

  #remember(stored: StoredEvent, event: E): void {
    this.#at = Math.max(this.#at, stored.at);
    if (stored.cmd !== undefined) this.#seen.set(stored.cmd, stored.seq);
    this.#recent.push(event);
    const keep = this.#kind.window ?? Infinity;
    if (this.#recent.length > keep) this.#recent.shift();
  }

  #publish(events: readonly E[]): void {
    this.#deps.notify({ kind: this.#kind.name, key: this.key, ...this.head, events });
  }
}

function unavailable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('UNAVAILABLE', `the database did not answer: ${error instanceof Error ? error.name : 'unknown'}`);
}
