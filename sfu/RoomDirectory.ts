import { grantSeconds, type ByeReason, type GrantClaims } from '../shared/contract/sfu.ts';
import type { SfuLimits } from './config.ts';
import { resumeKey, type Peer } from './Peer.ts';
import type { Recordings } from './recording/Recordings.ts';
import { Room, type CloseReason } from './Room.ts';
import { SfuFailure } from './SfuFailure.ts';
import type { MediaWorker, WorkerPool } from './WorkerPool.ts';

/** A little longer than any grant can still be shown. */
const REMEMBER_MS = (grantSeconds + 60) * 1000;

interface Past {
  epoch: number;
  code: 'ROOM_ENDED' | 'STALE_EPOCH';
  until: number;
}

/** The rooms of a node by name, the seats by resume token, and the epochs that are over. */
export class RoomDirectory {
  readonly #pool: WorkerPool;
  readonly #limits: SfuLimits;
  readonly #now: () => number;
  readonly recordings: Recordings;
  readonly #rooms = new Map<string, Room>();
  readonly #opening = new Map<string, Promise<Room>>();
  readonly #seats = new Map<string, { room: Room; peer: Peer }>();
  readonly #past = new Map<string, Past>();
  #closed = false;

  constructor(pool: WorkerPool, limits: SfuLimits, recordings: Recordings, now: () => number) {
    this.#pool = pool;
    this.#limits = limits;
    this.recordings = recordings;
    this.#now = now;
  }

  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  /** @throws SfuFailure STALE_EPOCH or ROOM_ENDED for a grant whose room is over */
  checkEpoch(claims: GrantClaims): void {
    if (this.#closed) throw new SfuFailure('UNAVAILABLE', 'this node is shutting down');
    const past = this.#past.get(claims.room);
    if (past !== undefined && past.until > this.#now() && claims.epoch <= past.epoch) {
      throw new SfuFailure(
        past.code,
        past.code === 'ROOM_ENDED' ? 'this consultation has ended' : 'this room has moved',
      );
    }
    const open = this.#rooms.get(claims.room);
    if (open !== undefined && claims.epoch < open.epoch) throw new SfuFailure('STALE_EPOCH', 'this room has moved');
  }

  /** The room of a grant, opened on the least loaded worker when it is the first. A newer epoch closes the older room. */
  async open(claims: GrantClaims): Promise<Room> {
    for (;;) {
      this.checkEpoch(claims);
      const pending = this.#opening.get(claims.room);
      if (pending !== undefined) {
        await pending.catch(() => undefined);
        continue;
      }
      const open = this.#rooms.get(claims.room);
      if (open?.epoch === claims.epoch) return open;
      open?.close('moved');
      const opening = this.#create(claims);
      this.#opening.set(claims.room, opening);
      try {
        return await opening;
      } finally {
        this.#opening.delete(claims.room);
      }
    }
  }

  /** The seat a resume token belongs to. @throws SfuFailure RESUME_INVALID */
  seatOf(token: string): { room: Room; peer: Peer } {
    const seat = this.#seats.get(resumeKey(token));
    if (seat === undefined) throw new SfuFailure('RESUME_INVALID', 'this seat is no longer kept');
    return seat;
  }

  /**
   * Closes a room on order and refuses its epoch from then on.
   *
   * @param epoch what the order is about; default the open room's. A newer open room is left alone.
   * @returns whether a room was open and is closed now
   */
  close(name: string, reason: 'ended' | 'moved', epoch?: number): boolean {
    const open = this.#rooms.get(name);
    const upTo = epoch ?? open?.epoch;
    if (upTo !== undefined) this.#remember(name, upTo, reason === 'ended' ? 'ROOM_ENDED' : 'STALE_EPOCH');
    if (open === undefined || (upTo !== undefined && open.epoch > upTo)) return false;
    open.close(reason);
    return true;
  }

  /** A worker is gone, and what it carried. */
  workerLost(media: MediaWorker): void {
    for (const room of [...this.#rooms.values()]) {
      if (room.media === media) room.close('worker-lost');
    }
  }

  /** Closes every room and opens none any more. */
  closeAll(reason: ByeReason): void {
    this.#closed = true;
    for (const room of [...this.#rooms.values()]) room.close(reason);
  }

  async #create(claims: GrantClaims): Promise<Room> {
    const media = this.#pool.pick();
    const router = await media.worker.createRouter({ mediaCodecs: this.#pool.codecs });
    try {
      // It may have been ended, or superseded, or we may be stopping, since it was asked for.
      this.checkEpoch(claims);
      if (router.closed) throw new SfuFailure('UNAVAILABLE', 'the media worker was lost');
    } catch (error) {
      router.close();
      throw error;
    }
    const events = {
      resumeIssued: (token: string, of: Room, peer: Peer): void =>
        void this.#seats.set(resumeKey(token), { room: of, peer }),
      resumeRevoked: (token: string): void => void this.#seats.delete(resumeKey(token)),
      closed: (closed: Room, reason: CloseReason) => this.#closedRoom(closed, reason),
    };
    const room = new Room(claims.room, claims.epoch, media, router, this.#limits, events, this.recordings);
    this.#rooms.set(claims.room, room);
    return room;
  }

  #closedRoom(room: Room, reason: CloseReason): void {
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
    if (reason === 'ended') this.#remember(room.name, room.epoch, 'ROOM_ENDED');
    if (reason === 'moved') this.#remember(room.name, room.epoch, 'STALE_EPOCH');
  }

  #remember(name: string, epoch: number, code: Past['code']): void {
    const now = this.#now();
    for (const [room, past] of this.#past) if (past.until <= now) this.#past.delete(room);
    const known = this.#past.get(name);
    if (known !== undefined && known.epoch > epoch) return;
    // Ended stays ended, whatever is heard about the same epoch later.
    const kept = known?.epoch === epoch && known.code === 'ROOM_ENDED' ? known.code : code;
    this.#past.set(name, { epoch, code: kept, until: now + REMEMBER_MS });
  }
}
