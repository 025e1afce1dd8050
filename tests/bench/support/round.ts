interface Paced {
  readonly times: number;
  /** So many at once each time, one by default. */
  readonly perTick?: number;
  readonly everyMs: number;
}
/** What the hub is asked to publish: events of queues. */
export interface Published extends Paced {
  readonly keys: string[];
}
/** What a peer is asked to send: the same frame to each of the rooms, with the time at which it was sent. */
export interface Round extends Paced {
  readonly rooms: string[];
  readonly frame: { readonly events: { at: number }[] };
}
