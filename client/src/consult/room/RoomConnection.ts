import type { RoomSnapshot, SfuErrorCode, SfuEvent, SfuEventName, SfuOutput } from '../../../../shared/contract/sfu.ts';
import { MediaLink } from './MediaLink.ts';
import { meaningOf, nextStep, pauseBefore, type RecoveryStep, type Trouble } from './recovery.ts';
import { finalStates, type JoinOptions, type RoomState, type RoomTicket } from './roomTypes.ts';
import { applyUpdate, emptyRoom } from './roomView.ts';
import { SignalLink, SignalRefused, type SignalListener } from './SignalLink.ts';

/** Attempts in a row after which it is left to a person to try again (about a minute). */
const MAX_ATTEMPTS = 12;
/** How long an ICE restart may take before it counts as failed. */
const ICE_RESTART_MS = 6_000;

type Joined = SfuOutput<'join'>;

/** What a connection tells. */
export interface ConnectionListener {
  /** `code`: the last refusal, where there was one. */
  state(state: RoomState, code: SfuErrorCode | undefined): void;
  /** Who is in the room, or what the node sends, has changed. */
  changed(): void;
}

/**
 * A seat in a room, kept alive: signalling, media and their repair, cheapest first (`nextStep`). One repair runs at a time,
 * and runs until nothing is wrong or it is over.
 */
export class RoomConnection {
  readonly #options: JoinOptions;
  readonly #listener: ConnectionListener;
  readonly #random: () => number;
  #state: RoomState = 'connecting';
  /** The ticket to use next; fetched from the hub when there is none. */
  #ticket: RoomTicket | undefined;
  #url: string;
  #signal: SignalLink | undefined;
  #media: MediaLink | undefined;
  #joined: Joined | undefined;
  #view: RoomSnapshot = emptyRoom;
  /** Raised with every new socket; what older ones still say is not heard. */
  #turn = 0;
  #socketLostAt = 0;
  #seatLost = true;
  #tried = { iceRestarts: 0, renewals: 0 };
  #mending: Promise<void> | undefined;
  /** Ends the present wait early. */
  #wake: (() => void) | undefined;
  /** Ends the wait for an ICE restart. */
  #settled: (() => void) | undefined;
  #lastCode: SfuErrorCode | undefined;
  readonly #onOnline = (): void => this.#wake?.();

  constructor(options: JoinOptions, listener: ConnectionListener, random: () => number) {
    this.#options = options;
    this.#listener = listener;
    this.#random = random;
    this.#ticket = { url: options.url, grant: options.grant };
    this.#url = options.url;
    globalThis.addEventListener('online', this.#onOnline);
  }

  get state(): RoomState {
    return this.#state;
  }

  get view(): RoomSnapshot {
    return this.#view;
  }

  /** This side's peer id, once joined. */
  get me(): string | undefined {
    return this.#joined?.peer;
  }

  get signal(): SignalLink | undefined {
    return this.#signal;
  }

  get media(): MediaLink | undefined {
    return this.#media;
  }

  /** Joins. @returns when live, or over */
  start(): Promise<void> {
    return this.#mend();
  }

  /** Tries again after `failed`. */
  async retry(): Promise<void> {
    if (this.#state !== 'failed') return;
    this.#seatLost = true;
    this.#setState('reconnecting');
    await this.#mend();
  }

  /** Comes to a final state and lets everything go. */
  finish(state: 'ended' | 'replaced' | 'left' | 'failed'): void {
    if (finalStates.includes(this.#state)) return;
    this.#setState(state);
    this.#turn += 1;
    this.#signal?.close();
    this.#media?.close();
    this.#signal = undefined;
    this.#media = undefined;
    this.#view = emptyRoom;
    if (state !== 'failed') globalThis.removeEventListener('online', this.#onOnline);
    this.#wake?.();
    this.#listener.changed();
  }

  get #over(): boolean {
    return this.#state === 'failed' || finalStates.includes(this.#state);
  }

  #setState(state: RoomState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#listener.state(state, this.#lastCode);
  }

  #trouble(): Trouble {
    return {
      socketUp: this.#signal?.up === true,
      media: this.#media === undefined ? 'none' : this.#media.up(Date.now()) ? 'up' : 'down',
      seatLost: this.#seatLost,
      socketDownMs: Date.now() - this.#socketLostAt,
      graceMs: this.#joined?.graceMs ?? 0,
      ...this.#tried,
    };
  }

  #mend(): Promise<void> {
    this.#mending ??= this.#mendNow().finally(() => {
      this.#mending = undefined;
      // Something broke after the last look and before this.
      if (!this.#over && nextStep(this.#trouble()) !== 'none') void this.#mend();
    });
    return this.#mending;
  }

  async #mendNow(): Promise<void> {
    for (let attempt = 0; !this.#over; attempt += 1) {
      const step = nextStep(this.#trouble());
      if (step === 'none') {
        this.#tried = { iceRestarts: 0, renewals: 0 };
        this.#lastCode = undefined;
        this.#setState('live');
        this.#listener.changed();
        return;
      }
      if (attempt >= MAX_ATTEMPTS) return this.finish('failed');
      if (this.#state === 'live') this.#setState('reconnecting');
      await this.#wait(pauseBefore(attempt, this.#random));
      if (this.#over) return;
      try {
        await this.#take(step);
      } catch (error) {
        this.#stepFailed(error);
      }
    }
  }

  async #take(step: Exclude<RecoveryStep, 'none'>): Promise<void> {
    switch (step) {
      case 'restart-ice':
        this.#tried.iceRestarts += 1;
        await this.#media?.restartIce();
        return this.#untilSettled();
      case 'swap-socket':
        return this.#enter(this.#url, { resume: this.#joined?.resume ?? '' });
      case 'renew-transports':
        this.#tried.renewals += 1;
        if (this.#joined === undefined || this.#signal === undefined) return;
        this.#joined = { ...this.#joined, transports: await this.#signal.request('renewTransports', {}) };
        return this.#openMedia(this.#joined);
      case 'rejoin': {
        const ticket = this.#ticket ?? (await this.#options.getGrant());
        this.#ticket = undefined;
        if (this.#over) return;
        if (ticket === null) return this.finish('ended');
        this.#url = ticket.url;
        return this.#enter(ticket.url, { grant: ticket.grant });
      }
    }
  }

  /** Connects and joins; keeps the media where the node kept it. */
  async #enter(url: string, auth: { grant: string } | { resume: string }): Promise<void> {
    const turn = (this.#turn += 1);
    this.#signal?.close();
    this.#signal = undefined;
    const signal = await SignalLink.open(url, auth, this.#hear(turn));
    if (turn !== this.#turn) return signal.close();
    this.#signal = signal;
    const joined = await signal.request('join', {});
    if (turn !== this.#turn) return;
    this.#joined = joined;
    this.#view = joined.snapshot;
    this.#seatLost = false;
    if (joined.resumed && this.#media?.isOn(joined.transports) === true) await this.#tidy(this.#media, joined, signal);
    else await this.#openMedia(joined);
  }

  async #openMedia(joined: Joined): Promise<void> {
    this.#media?.close();
    this.#media = undefined;
    const turn = this.#turn;
    const media = await MediaLink.open(
      joined,
      () => this.#signalNow(),
      () => this.#mediaMoved(),
    );
    if (turn !== this.#turn) return media.close();
    this.#media = media;
  }

  /** After a swap of sockets: what only one side knows of, because a reply was lost, is closed. */
  async #tidy(media: MediaLink, joined: Joined, signal: SignalLink): Promise<void> {
    const mine = new Set([...media.sent.values()].map(({ producer }) => producer.id));
    const there = joined.snapshot.producers.filter(({ peer }) => peer === joined.peer);
    for (const { producer } of [...media.sent.values()]) {
      if (!there.some(({ id }) => id === producer.id)) producer.close();
    }
    for (const { id, paused } of there) {
      const known = [...media.sent.values()].find(({ producer }) => producer.id === id);
      if (known !== undefined) known.pausedThere = paused;
      if (!mine.has(id)) await ignoring('NOT_FOUND', signal.request('closeProducer', { producer: id }));
    }
    for (const { consumer } of [...media.received.values()]) {
      if (!joined.consumers.some(({ id }) => id === consumer.id)) consumer.close();
    }
    for (const { id, producer } of joined.consumers) {
      if (media.received.get(producer)?.consumer.id !== id) {
        await ignoring('NOT_FOUND', signal.request('closeConsumer', { consumer: id }));
      }
    }
  }

  #signalNow(): SignalLink {
    if (this.#signal === undefined) throw new Error('not connected');
    return this.#signal;
  }

  #stepFailed(error: unknown): void {
    // No answer, or the hub did not give a grant this time: the next step is found from how things stand.
    if (!(error instanceof SignalRefused)) return;
    this.#lastCode = error.code;
    switch (meaningOf(error.code)) {
      case 'ended':
        return this.finish('ended');
      case 'failed':
        return this.finish('failed');
      case 'rejoin':
        this.#seatLost = true;
        return;
      case 'retry':
        return;
    }
  }

  #hear(turn: number): SignalListener {
    return {
      event: (name, event) => {
        if (turn === this.#turn) this.#onEvent(name, event);
      },
      lost: () => {
        if (turn !== this.#turn) return;
        this.#socketLostAt = Date.now();
        this.#settled?.(); // an ICE restart has no use without a socket
        void this.#mend();
      },
    };
  }

  #onEvent<N extends SfuEventName>(name: N, event: SfuEvent<N>): void {
    const handlers: { [M in SfuEventName]: (event: SfuEvent<M>) => void } = {
      update: (update) => this.#onUpdate(update),
      consumerClosed: ({ consumer }) => {
        const gone = [...(this.#media?.received.values() ?? [])].find((received) => received.consumer.id === consumer);
        gone?.consumer.close();
        this.#listener.changed();
      },
      consumerLayers: () => undefined,
      consumerScore: () => undefined,
      problem: () => undefined,
      bye: ({ reason }) => this.#onBye(reason),
    };
    handlers[name](event);
  }

  #onUpdate(update: SfuEvent<'update'>): void {
    const next = applyUpdate(this.#view, update);
    if (next !== 'gap') {
      this.#view = next;
      this.#listener.changed();
      return;
    }
    this.#signal?.request('snapshot', {}).then(
      (snapshot) => {
        if (snapshot.revision > this.#view.revision) this.#view = snapshot;
        this.#listener.changed();
      },
      () => undefined, // the socket is lost, and the next join brings a snapshot
    );
  }

  #onBye(reason: SfuEvent<'bye'>['reason']): void {
    switch (reason) {
      case 'ended':
      case 'replaced':
        return this.finish(reason);
      case 'rate-limited':
        this.#lastCode = 'RATE_LIMITED';
        return this.finish('failed');
      case 'moved':
      case 'worker-lost':
      case 'shutting-down':
        // The socket closes next, which starts the repair.
        this.#seatLost = true;
        return;
    }
  }

  #mediaMoved(): void {
    if (this.#media?.settled === true) this.#settled?.();
    if (!this.#over && this.#state === 'live' && nextStep(this.#trouble()) !== 'none') void this.#mend();
  }

  /** Until the transports are connected again, or there is no use in waiting. */
  async #untilSettled(): Promise<void> {
    if (this.#media?.settled !== false) return;
    const waiting = this.#wait(ICE_RESTART_MS);
    this.#settled = this.#wake;
    await waiting;
    this.#settled = undefined;
  }

  async #wait(ms: number): Promise<void> {
    if (ms === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

async function ignoring(code: SfuErrorCode, request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!(error instanceof SignalRefused) || error.code !== code) throw error;
  });
}
