import type { Db } from 'mongodb';
import { EventLog, toStreamEvent, type EventSealing, type StoredEvent } from './log.ts';
import { Mailbox, type Decide } from './Mailbox.ts';
import type { Command, CommitNotice, Committed, Loaded, StreamEvent, StreamKind } from './types.ts';

export type * from './types.ts';
export type { StoredEvent } from './log.ts';

export interface StreamsOptions {
  readonly db: Db;
  /** This hub's id, new at every boot. */
  readonly hub: string;
  readonly now: () => number;
  /** What seals clinical fields; without it all stands in the clear. */
  readonly sealing?: EventSealing;
  readonly onConflict?: () => void;
  /** This hub appended to a stream: others may want to know at once. */
  readonly onAppend?: (stream: string, epoch: number, seq: number) => void;
  /** A commit listener threw: a bug of ours, to be logged. */
  readonly onListenerError?: (error: unknown) => void;
  /** Streams unused for this long leave memory. */
  readonly idleMs?: number;
}

export type CommitListener<S, E extends StreamEvent> = (notice: CommitNotice<S, E>) => void;

/** A mailbox without its types, as the housekeeping sees it. */
interface Held {
  readonly head: Loaded<unknown>;
  readonly lastUsed: number;
  refresh(): Promise<void>;
  reread(): Promise<void>;
}

/** One kind's streams, typed. */
export interface StreamsOf<S, E extends StreamEvent> {
  /** @param atLeast what another hub wrote up to this seq must be in it: read now when memory is behind (always: Infinity). */
  load(key: string, atLeast?: number): Promise<Loaded<S>>;
  /** The stream as it is in memory at this very moment; `load` it first. */
  head(key: string): Loaded<S>;
  /** Decides and appends one command; a repeat of a command returns what the first did (`replayed`). */
  command(key: string, command: Command, decide: Decide<S, E>): Promise<Committed<S, E>>;
  /** The events after a position when they are at hand, else null: send a snapshot. */
  since(key: string, epoch: number, seq: number): E[] | null;
  /** Called after every commit, in order per stream, also for what another hub wrote. A listener's fault is only logged. */
  onCommit(listener: CommitListener<S, E>): void;
  /** While `wanted`, commits are told also of streams that this hub does not hold, when another hub writes to them. */
  followAll(wanted: () => boolean): void;
  /** Older events, for paging: of every type, or of the given ones only. */
  before(key: string, seq: number, limit: number, types?: readonly E['type'][]): Promise<E[]>;
  /** All events whose data name one of these values in this field, oldest first; there must be an index on it. */
  naming(key: string, field: string, values: readonly string[]): Promise<E[]>;
}

/** All streams of this hub: one mailbox each, loaded on first use. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #log: EventLog;
  readonly #boxes = new Map<string, { readonly box: Held; readonly forget: () => void }>();
  readonly #kinds = new Map<string, { wanted: () => boolean; load: (key: string) => Promise<unknown> }>();
  /** Streams being read because another hub said so, and how far they are said to go. */
  readonly #heard = new Map<string, number>();
  #drain: (events: readonly StoredEvent[]) => void = () => undefined;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#log = new EventLog(options.db, options.sealing);
  }

  /** Who runs the effects of what is committed here. */
  drainWith(drain: (events: readonly StoredEvent[]) => void): void {
    this.#drain = drain;
  }

  /** The typed access to one kind. Call once per kind. */
  of<S, E extends StreamEvent>(kind: StreamKind<S, E>): StreamsOf<S, E> {
    const own = new Map<string, Mailbox<S, E>>();
    const listeners: CommitListener<S, E>[] = [];
    const box = (key: string): Mailbox<S, E> => {
      const known = own.get(key);
      if (known) return known;
      const made = new Mailbox(kind, key, {
        log: this.#log,
        hub: this.#options.hub,
        now: this.#options.now,
        notify: (notice) => this.#tell(listeners, notice),
        drain: (events) => this.#drain(events),
        onAppend: (epoch, seq) => this.#options.onAppend?.(`${kind.name}:${key}`, epoch, seq),
        onConflict: () => this.#options.onConflict?.(),
      });
      own.set(key, made);
      this.#boxes.set(`${kind.name}:${key}`, { box: made, forget: () => own.delete(key) });
      return made;
    };
    const parse = (stored: StoredEvent): E => kind.event.parse(kind.upcast(toStreamEvent(stored)));
    const held = { wanted: () => false, load: (key: string) => box(key).load() };
    this.#kinds.set(kind.name, held);
    return {
      load: async (key, atLeast = 0) => {
        const loaded = await box(key).load();
        if (loaded.seq >= atLeast) return loaded;
        await box(key).refresh();
        return box(key).head;
      },
      head: (key) => box(key).head,
      command: (key, command, decide) => box(key).submit(command, decide),
      since: (key, epoch, seq) => box(key).since(epoch, seq),
      onCommit: (listener) => void listeners.push(listener),
      followAll: (wanted) => {
        const before = held.wanted;
        held.wanted = () => before() || wanted();
      },
      before: async (key, seq, limit, types) => {
        const { epoch } = await box(key).load();
        return (await this.#log.before(`${kind.name}:${key}`, epoch, seq, limit, types)).map(parse);
      },
      naming: async (key, field, values) => (await this.#log.naming(`${kind.name}:${key}`, field, values)).map(parse),
    };
  }

  /**
   * Catches up with what was written since `since` (UTC ms): one range query, then a tail read per stream that is behind.
   * Also with what this hub wrote itself while the database broke off: nobody may ask for that stream again soon.
   */
  async readTails(since: number): Promise<void> {
    const heads = await this.#log.writtenSince(since);
    for (const [stream, head] of heads) await this.#catchUp(stream, head.seq);
  }

  /** Another hub says that a stream has grown to `seq`: reads it when somebody here follows it. */
  async hear(stream: string, seq: number): Promise<void> {
    const wanted = this.#heard.get(stream);
    // One reading at a time per stream; what is said meanwhile is covered by the next.
    this.#heard.set(stream, Math.max(seq, wanted ?? 0));
    if (wanted !== undefined) return;
    try {
      for (let read = -1; read < (this.#heard.get(stream) ?? -1);) {
        read = this.#heard.get(stream) ?? -1;
        await this.#catchUp(stream, read);
      }
    } finally {
      this.#heard.delete(stream);
    }
  }

  /** Reads a stream that is held here anew: what its events say has changed, since somebody was erased. */
  async reread(stream: string): Promise<void> {
    await this.#boxes.get(stream)?.box.reread();
  }

  /** Forgets streams that nobody used for a while. `inUse` says whether somebody is subscribed. */
  forgetIdle(inUse: (stream: string) => boolean): void {
    const limit = this.#options.now() - (this.#options.idleMs ?? 10 * 60_000);
    for (const [stream, { box, forget }] of this.#boxes) {
      if (box.lastUsed >= limit || inUse(stream)) continue;
      forget();
      this.#boxes.delete(stream);
    }
  }

  async #catchUp(stream: string, seq: number): Promise<void> {
    const held = this.#boxes.get(stream);
    const split = stream.indexOf(':');
    const kind = this.#kinds.get(stream.slice(0, split));
    if (held) {
      if (seq > held.box.head.seq) await held.box.refresh();
    } else if (kind?.wanted() === true) await kind.load(stream.slice(split + 1));
  }

  #tell<S, E extends StreamEvent>(listeners: readonly CommitListener<S, E>[], notice: CommitNotice<S, E>): void {
    for (const listener of listeners) {
      try {
        listener(notice);
      } catch (error) {
        // A listener's fault must not undo or delay a commit that is already durable.
        this.#options.onListenerError?.(error);
      }
    }
  }
}
