import type { types } from 'mediasoup';
import type { ByeReason, GrantClaims, RoomChange, RoomSnapshot, SfuRoomInfo } from '../shared/contract/sfu.ts';
import type { RtpCapabilities } from '../shared/contract/sfuRtp.ts';
import type { SfuLimits } from './config.ts';
import { Peer, type PeerSocket } from './Peer.ts';
import { PeerMedia, routerCapabilities } from './PeerMedia.ts';
import { SfuFailure } from './SfuFailure.ts';
import type { RecordedRoom, Recording } from './recording/Recording.ts';
import type { Recordings } from './recording/Recordings.ts';
import type { MediaWorker } from './WorkerPool.ts';

/** What a room tells the directory that holds it. Called synchronously. */
export interface RoomEvents {
  /** A seat's resume token begins or ends to count. */
  resumeIssued(token: string, room: Room, peer: Peer): void;
  resumeRevoked(token: string): void;
  closed(room: Room, reason: CloseReason): void;
}

/** Why a room closes; `empty` is heard by nobody. */
export type CloseReason = ByeReason | 'empty';

/** One consult room on one router: its seats, and the numbered changes everyone in it is told. */
export class Room {
  readonly name: string;
  readonly epoch: number;
  readonly media: MediaWorker;
  readonly rtpCapabilities: RtpCapabilities;
  /** Its sound on this node's disk, when everybody wants it. */
  readonly recording: Recording;
  readonly #router: types.Router;
  readonly #limits: SfuLimits;
  readonly #events: RoomEvents;
  readonly #recordings: Recordings;
  readonly #recorded: RecordedRoom;
  readonly #peers = new Map<string, Peer>();
  #revision = 0;
  #emptyTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    name: string,
    epoch: number,
    media: MediaWorker,
    router: types.Router,
    limits: SfuLimits,
    events: RoomEvents,
    recordings: Recordings,
  ) {
    this.name = name;
    this.epoch = epoch;
    this.media = media;
    this.#router = router;
    this.#limits = limits;
    this.#events = events;
    this.#recordings = recordings;
    this.rtpCapabilities = routerCapabilities(router);
    this.#recorded = {
      epoch,
      router,
      present: () => this.#microphones(),
      changed: (recording) => this.#announce({ type: 'recording', recording }),
    };
    this.recording = recordings.attach(name, this.#recorded);
    media.rooms += 1;
    this.#closeWhenEmpty();
  }

  get closed(): boolean {
    return this.#closed;
  }

  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  snapshot(): RoomSnapshot {
    const peers = [...this.#peers.values()];
    return {
      revision: this.#revision,
      peers: peers.map((peer) => peer.describe()),
      producers: peers.flatMap((peer) => peer.describeProducers()),
      recording: this.recording.info,
    };
  }

  describe(): SfuRoomInfo {
    return {
      room: this.name,
      epoch: this.epoch,
      peers: [...this.#peers.values()].map((peer) => ({
        peer: peer.id,
        role: peer.role,
        connected: peer.socket !== undefined,
        producers: peer.media?.producers.size ?? 0,
      })),
    };
  }

  /**
   * Gives the holder of a grant its seat: a new one, or the one it has, from which an older page is dropped.
   *
   * @throws SfuFailure ROOM_FULL
   */
  takeSeat(claims: GrantClaims, socket: PeerSocket): Peer {
    this.#mustBeOpen();
    const taken = this.#peers.get(claims.peer);
    if (taken !== undefined) {
      if (taken.role !== claims.role) throw new SfuFailure('FORBIDDEN', 'this seat belongs to another role');
      this.#events.resumeRevoked(taken.resume);
      taken.regrant(claims);
      this.#events.resumeIssued(taken.resume, this, taken);
      this.#seat(taken, socket, 'replaced');
      // The page that owned the old transports is gone.
      taken.useMedia(undefined);
      return taken;
    }
    if (this.#peers.size >= this.#limits.peersPerRoom) throw new SfuFailure('ROOM_FULL', 'every seat is taken');
    const peer = new Peer(claims);
    clearTimeout(this.#emptyTimer);
    this.#peers.set(peer.id, peer);
    this.#events.resumeIssued(peer.resume, this, peer);
    peer.attach(socket, undefined);
    this.#announce({ type: 'peer-joined', peer: peer.describe() }, peer);
    // Before a sound of theirs can arrive: nobody is recorded who has not consented.
    this.recording.look();
    return peer;
  }

  /** A page's next socket comes back to its seat; media stays as it is. */
  resumeSeat(peer: Peer, socket: PeerSocket): void {
    this.#mustBeOpen();
    this.#seat(peer, socket, undefined);
  }

  /** A socket has gone. The seat is kept for the grace period. */
  socketGone(peer: Peer, socket: PeerSocket): void {
    if (this.#closed || peer.socket !== socket || this.#peers.get(peer.id) !== peer) return;
    peer.detach(this.#limits.graceMs, () => this.remove(peer, 'timed-out'));
    this.#announce({ type: 'peer-state', peer: peer.id, state: 'reconnecting' });
  }

  /** New transports for a seat; its old ones are closed with all they carried. */
  async openMedia(peer: Peer): Promise<PeerMedia> {
    const media = await PeerMedia.open(this.#router, this.media.server, this.#limits, {
      producerClosed: (producer) => this.#announce({ type: 'producer-closed', producer, peer: peer.id }),
      consumerClosed: (consumer) => peer.send('consumerClosed', { consumer }),
      consumerLayers: (event) => peer.send('consumerLayers', event),
      consumerScore: (event) => peer.send('consumerScore', event),
    });
    if (this.#closed || this.#peers.get(peer.id) !== peer) {
      media.close();
      throw new SfuFailure('WRONG_STATE', 'the seat was given up meanwhile');
    }
    peer.useMedia(media);
    return media;
  }

  /** Another peer's producer, by id. @throws SfuFailure NOT_FOUND */
  producerOfOthers(id: string, asking: Peer): types.Producer {
    for (const peer of this.#peers.values()) {
      const found = peer === asking ? undefined : peer.media?.producers.get(id);
      if (found !== undefined) return found.producer;
    }
    throw new SfuFailure('NOT_FOUND', 'no such producer in this room');
  }

  /** Tells the room that a producer of this peer has begun. */
  producerAdded(peer: Peer, id: string): void {
    const producer = peer.describeProducers().find((candidate) => candidate.id === id);
    if (producer === undefined) return;
    this.#announce({ type: 'producer-added', producer });
    if (producer.kind === 'audio') this.recording.look();
  }

  producerPaused(peer: Peer, producer: string, paused: boolean): void {
    this.#announce({ type: 'producer-paused', producer, peer: peer.id, paused });
  }

  remove(peer: Peer, reason: 'left' | 'timed-out'): void {
    if (this.#peers.get(peer.id) !== peer) return;
    // Its producers go first, while the others still know whose they are.
    peer.useMedia(undefined);
    this.#peers.delete(peer.id);
    this.#events.resumeRevoked(peer.resume);
    this.#announce({ type: 'peer-left', peer: peer.id, reason });
    peer.close(undefined);
    this.recording.look();
    this.#closeWhenEmpty();
  }

  /** Ends the room: every socket hears why, every transport closes. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#emptyTimer);
    this.media.rooms -= 1;
    for (const peer of this.#peers.values()) {
      this.#events.resumeRevoked(peer.resume);
      peer.close(reason === 'empty' ? undefined : reason);
    }
    this.#peers.clear();
    // A lost worker or a newer placement: it may go on in a moment.
    const over = reason !== 'worker-lost' && reason !== 'moved';
    void this.#recordings.detach(this.name, this.#recorded, over);
    this.#router.close();
    this.#events.closed(this, reason);
  }

  #microphones(): ReturnType<RecordedRoom['present']> {
    return [...this.#peers.values()].map((peer) => ({
      peer: peer.id,
      microphones: [...(peer.media?.producers.values() ?? [])].flatMap(({ producer, source }) =>
        source === 'microphone' ? [producer] : [],
      ),
    }));
  }

  #seat(peer: Peer, socket: PeerSocket, olderHears: ByeReason | undefined): void {
    const wasAway = peer.socket === undefined;
    peer.attach(socket, olderHears);
    if (wasAway) this.#announce({ type: 'peer-state', peer: peer.id, state: 'connected' }, peer);
  }

  /** `except` has the change in its snapshot instead. */
  #announce(change: RoomChange, except?: Peer): void {
    if (this.#closed) return;
    this.#revision += 1;
    for (const peer of this.#peers.values()) {
      if (peer !== except) peer.send('update', { revision: this.#revision, change });
    }
  }

  #closeWhenEmpty(): void {
    if (this.#peers.size > 0 || this.#closed) return;
    clearTimeout(this.#emptyTimer);
    this.#emptyTimer = setTimeout(() => this.close('empty'), this.#limits.emptyRoomMs);
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new SfuFailure('UNAVAILABLE', 'the room was closed meanwhile');
  }
}
