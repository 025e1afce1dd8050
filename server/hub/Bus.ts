/**
 * What hubs tell each other at once, beside what each reads from the database: stream pointers, presence, typing. Carries
 * ids and numbers only, never anything about a person; a lost message is harmless, because the database has the truth.
 */
export type BusMessage = Readonly<Record<string, string | number | boolean>>;

export interface Bus {
  /** Tells every other hub; never throws and never waits. */
  send(topic: string, message: BusMessage): void;
  /** Hears what other hubs send (never one's own). A listener must parse: another hub may run another version. */
  on(topic: string, listener: (message: unknown) => void): void;
  close(): Promise<void>;
}

/** `off`: there is none; `down`: there should be one, and the database alone carries what hubs must know. */
export type BusState = 'off' | 'up' | 'down';

/** A bus that says how it is. */
export interface WatchedBus extends Bus {
  readonly state: BusState;
  /** Called whenever messages pass again after they did not: what was said meanwhile is lost, read the database. */
  onUp(listener: () => void): void;
}

/** For one hub alone: nobody to tell. */
export const noBus: WatchedBus = {
  state: 'off',
  send: () => undefined,
  on: () => undefined,
  onUp: () => undefined,
  close: () => Promise.resolve(),
};
