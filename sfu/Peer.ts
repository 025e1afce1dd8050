import { createHash, randomBytes } from 'node:crypto';
import type { ByeReason, GrantClaims, PeerInfo, ProducerInfo, SfuEvent, SfuEventName } from '../shared/contract/sfu.ts';
import type { PeerMedia } from './PeerMedia.ts';
import { SfuFailure } from './SfuFailure.ts';

/** The one socket a seat listens to. */
export interface PeerSocket {
  send<N extends SfuEventName>(name: N, event: SfuEvent<N>): void;
  /** Ends the connection, after a last word if there is one to say. */
  drop(reason?: ByeReason): void;
}

/**
 * A seat: somebody's place in a room. It outlives its socket by the grace period and its media by as many renewals as it
 * takes; it knows nothing of Socket.IO.
 */
export class Peer {
  readonly id: string;
  readonly role: GrantClaims['role'];
  #may: GrantClaims['may'];
  #socket: PeerSocket | undefined;
  #media: PeerMedia | undefined;
  #resume: string;
  #grace: NodeJS.Timeout | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(claims: GrantClaims) {
    this.id = claims.peer;
    this.role = claims.role;
    this.#may = claims.may;
    this.#resume = newResumeToken();
  }

  get may(): GrantClaims['may'] {
    return this.#may;
  }

  get socket(): PeerSocket | undefined {
    return this.#socket;
  }

  /** The token that brings a next socket to this seat. */
  get resume(): string {
    return this.#resume;
  }

  get media(): PeerMedia | undefined {
    return this.#media;
  }

  /** @throws SfuFailure WRONG_STATE when there is none at the moment */
  get openMedia(): PeerMedia {
    if (this.#media === undefined || !this.#media.open)
      throw new SfuFailure('WRONG_STATE', 'this seat has no transports');
    return this.#media;
  }

  describe(): PeerInfo {
    return { id: this.id, role: this.role, state: this.#socket === undefined ? 'reconnecting' : 'connected' };
  }

  describeProducers(): ProducerInfo[] {
    return [...(this.#media?.producers.values() ?? [])].map(({ producer, source }) => ({
      id: producer.id,
      peer: this.id,
      kind: producer.kind,
      source,
      paused: producer.paused,
    }));
  }

  /** Runs one thing at a time for this seat, in the order asked. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Takes a new grant for the same seat: its rights count from now on, and earlier resume tokens no longer do. */
  regrant(claims: GrantClaims): void {
    this.#may = claims.may;
    this.#resume = newResumeToken();
  }

  /** Seats a socket. Whoever sat there is dropped: told that it was replaced, or silently when it is the same page's older socket. */
  attach(socket: PeerSocket, olderHears: ByeReason | undefined): void {
    clearTimeout(this.#grace);
    const older = this.#socket;
    this.#socket = socket;
    if (older !== undefined && older !== socket) older.drop(olderHears);
  }

  /** The socket is gone; `onTimeout` comes unless another is attached within the grace period. */
  detach(graceMs: number, onTimeout: () => void): void {
    this.#socket = undefined;
    clearTimeout(this.#grace);
    this.#grace = setTimeout(onTimeout, graceMs);
  }

  /** Changes to another pair of transports, closing the old one with all it carries. */
  useMedia(media: PeerMedia | undefined): void {
    const old = this.#media;
    this.#media = media;
    old?.close();
  }

  send<N extends SfuEventName>(name: N, event: SfuEvent<N>): void {
    this.#socket?.send(name, event);
  }

  /** Gives the seat up. */
  close(reason: ByeReason | undefined): void {
    clearTimeout(this.#grace);
    this.useMedia(undefined);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.drop(reason);
  }
}

function newResumeToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Tokens are looked up by hash, so that comparing them takes no time that depends on the secret. */
export function resumeKey(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
