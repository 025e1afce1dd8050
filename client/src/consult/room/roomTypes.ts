import type { RecordingInfo } from '../../../../shared/contract/sfuRecording.ts';
import type { MediaSource, PeerInfo, SfuErrorCode, SfuRole } from '../../../../shared/contract/sfu.ts';

/**
 * - `idle` before `join`, `connecting` until the first snapshot, then `live`;
 * - `reconnecting` while something is being repaired (picture and sound may still flow);
 * - `failed`: given up, `retry()` starts again;
 * - `ended` (the consultation is over), `replaced` (another page took the seat), `left`: final.
 */
export type RoomState = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'failed' | 'ended' | 'replaced' | 'left';

/** States in which nothing is repaired any more. */
export const finalStates: readonly RoomState[] = ['ended', 'replaced', 'left'];

/** Where to connect and what with; from the hub's `consult.join`. */
export interface RoomTicket {
  url: string;
  grant: string;
}

export interface JoinOptions extends RoomTicket {
  /** A fresh ticket for the same seat; `null` when the hub says that the consultation is over. A throw is tried again. */
  getGrant(): Promise<RoomTicket | null>;
  /** Start with the microphone on (default true). */
  microphone?: boolean;
  /** Start with the camera on (default true). */
  camera?: boolean;
}

/** Why a device gives nothing. */
export type MediaProblem = 'permission-denied' | 'no-device' | 'in-use' | 'unsupported' | 'unknown';

/** One of this side's devices. `starting` while the browser asks; `problem` says why a wanted one is off. */
export interface LocalSource {
  readonly wanted: boolean;
  readonly starting: boolean;
  readonly on: boolean;
  readonly problem: MediaProblem | undefined;
  /** For a self view; the same object while the track is the same. */
  readonly stream: MediaStream | undefined;
}

/** One track of somebody else. `paused`: muted or switched off by its sender. */
export interface RemoteTrack {
  readonly producer: string;
  readonly paused: boolean;
  readonly track: MediaStreamTrack;
  /** Holds just `track`; the same object while the track is the same. */
  readonly stream: MediaStream;
}

/** Somebody else in the room. */
export interface RemotePeer {
  readonly id: string;
  readonly role: SfuRole;
  readonly state: PeerInfo['state'];
  readonly tracks: Readonly<Partial<Record<MediaSource, RemoteTrack>>>;
}

/** How the connection is, for a hint to people: `unknown` until something was measured. */
export type Quality = 'unknown' | 'good' | 'fair' | 'poor';

export interface OutboundStats {
  bytes: number;
  packets: number;
  framesEncoded: number;
  /** Simulcast layers that are being sent. */
  layers: number;
}

export interface InboundStats {
  peer: string;
  source: MediaSource;
  bytes: number;
  packets: number;
  packetsLost: number;
  jitterMs: number;
  framesDecoded: number;
  frameWidth: number;
  frameHeight: number;
  /** Grows with loudness and time; silence adds (almost) nothing. */
  audioEnergy: number;
}

/** Counters since the present connection began. */
export interface RoomStats {
  /** Milliseconds since 1970. */
  at: number;
  roundTripMs: number | undefined;
  outbound: Partial<Record<MediaSource, OutboundStats>>;
  /** By producer id. */
  inbound: Record<string, InboundStats>;
}

/** What a room tells; listeners are called after the room's own state has changed. */
export interface RoomEvents {
  state: { state: RoomState; code: SfuErrorCode | undefined };
  /** Somebody came, went, or one of their tracks changed. */
  peers: readonly RemotePeer[];
  /** Microphone or camera changed. */
  local: Readonly<Record<MediaSource, LocalSource>>;
  quality: Quality;
  /** The recorder's state, as the node tells it. */
  recording: RecordingInfo;
}
