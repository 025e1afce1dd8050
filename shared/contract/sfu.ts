/**
 * The whole contract of an SFU node: the grant that opens it, its signalling over Socket.IO (path `/sfu`, WebSocket only)
 * and its control API over HTTP. Parsed at both ends.
 *
 * A client connects with `auth: {grant}` (first time, after a reload, after a lost seat) or `auth: {resume}` (same page, new
 * socket) and asks `join`; everything it needs is in that one reply. Then: `ready` with what it can decode, `consume` for
 * each producer of the snapshot (created paused), `resumeConsumer` when its side is ready to play. The snapshot has a
 * revision; every `update` after it has the next one.
 */
import { z } from 'zod';
import {
  dtlsParameters,
  iceParameters,
  iceServer,
  mediaKind,
  rtpCapabilities,
  rtpParameters,
  transportInfo,
} from './sfuRtp.ts';
import { recordingInfo, sfuName } from './sfuRecording.ts';

export { sfuName } from './sfuRecording.ts';

export const sfuPath = '/sfu';
/** Largest signalling frame, bytes. */
export const sfuMaxFrame = 64 * 1024;
/** Longest life of a grant, seconds. */
export const grantSeconds = 120;
/** `typ` of a grant's protected header; its `alg` is EdDSA (Ed25519). */
export const grantType = 'nadi-grant+jwt';

export const sfuRole = z.enum(['doctor', 'patient', 'guest']);
export type SfuRole = z.infer<typeof sfuRole>;

/** Claims of a grant: who may take which seat in which room of which node, once, within two minutes. Carries no name. */
export const grantClaims = z.strictObject({
  /** Boot id of the node. */
  aud: z.uuid(),
  room: sfuName,
  /** Placement of the room; a node serves the newest it has seen and refuses older ones. */
  epoch: z.int().nonnegative(),
  /** The seat. Same person in the same room: same peer id, also after a reload. */
  peer: sfuName,
  role: sfuRole,
  may: z.strictObject({ publish: z.boolean(), subscribe: z.boolean(), record: z.boolean() }),
  /** Accepted once. */
  jti: z.string().min(8).max(64),
  /** Seconds since 1970 (RFC 7519). */
  iat: z.int().positive(),
  exp: z.int().positive(),
});
export type GrantClaims = z.infer<typeof grantClaims>;

export const sfuErrorCodes = [
  'INVALID_INPUT',
  'UNKNOWN_OPERATION',
  'UNAUTHENTICATED',
  'GRANT_INVALID',
  'GRANT_EXPIRED',
  'GRANT_REPLAYED',
  'WRONG_NODE',
  'STALE_EPOCH',
  'ROOM_ENDED',
  'RESUME_INVALID',
  'ROOM_FULL',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
  'FORBIDDEN',
  'NOT_FOUND',
  'WRONG_STATE',
  'CANNOT_CONSUME',
  'UNAVAILABLE',
  'INTERNAL',
] as const;
export const sfuErrorCode = z.enum(sfuErrorCodes);
export type SfuErrorCode = z.infer<typeof sfuErrorCode>;

/** A failure as it travels: in a reply, as `data` of a refused connection, in a `problem`. */
export const sfuError = z.object({ code: sfuErrorCode, message: z.string().max(500), traceId: z.string().max(64) });
export type SfuError = z.infer<typeof sfuError>;

/** `auth` of the Socket.IO handshake. */
export const handshakeAuth = z.union([
  z.strictObject({ grant: z.string().min(1).max(4096) }),
  z.strictObject({ resume: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
]);

export const peerState = z.enum(['connected', 'reconnecting']);
export const mediaSource = z.enum(['microphone', 'camera']);
export type MediaSource = z.infer<typeof mediaSource>;
export const peerInfo = z.object({ id: sfuName, role: sfuRole, state: peerState });
export type PeerInfo = z.infer<typeof peerInfo>;
export const producerInfo = z.object({
  id: z.uuid(),
  peer: sfuName,
  kind: mediaKind,
  source: mediaSource,
  paused: z.boolean(),
});
export type ProducerInfo = z.infer<typeof producerInfo>;

/** Who is in the room and what is sent in it, oneself included. */
export const roomSnapshot = z.object({
  revision: z.int().nonnegative(),
  peers: z.array(peerInfo),
  producers: z.array(producerInfo),
  recording: recordingInfo,
});
export type RoomSnapshot = z.infer<typeof roomSnapshot>;

export const roomChange = z.discriminatedUnion('type', [
  z.object({ type: z.literal('peer-joined'), peer: peerInfo }),
  z.object({ type: z.literal('peer-left'), peer: sfuName, reason: z.enum(['left', 'timed-out']) }),
  z.object({ type: z.literal('peer-state'), peer: sfuName, state: peerState }),
  z.object({ type: z.literal('producer-added'), producer: producerInfo }),
  z.object({ type: z.literal('producer-closed'), producer: z.uuid(), peer: sfuName }),
  z.object({ type: z.literal('producer-paused'), producer: z.uuid(), peer: sfuName, paused: z.boolean() }),
  z.object({ type: z.literal('recording'), recording: recordingInfo }),
]);
export type RoomChange = z.infer<typeof roomChange>;

export const transports = z.object({ send: transportInfo, recv: transportInfo });
export type Transports = z.infer<typeof transports>;

/** Why the node ends a connection. `ended`, `replaced` and `rate-limited` are final for that page; the others call for a new grant. */
export const byeReason = z.enum(['ended', 'replaced', 'moved', 'worker-lost', 'shutting-down', 'rate-limited']);
export type ByeReason = z.infer<typeof byeReason>;

const none = z.strictObject({});
const done = z.object({});

/** One signalling request: what it takes and what its acknowledgement holds. */
export interface SfuRequest<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly input: I;
  readonly output: O;
}

/** Requests of a client. Every one is acknowledged with `{ok:true,data}` or `{ok:false,error}`. */
export const sfuRequests = {
  /** First request on every socket. On a resumed seat the transports, producers and consumers are those it still has. */
  join: {
    input: none,
    output: z.object({
      bootId: z.uuid(),
      room: sfuName,
      epoch: z.int().nonnegative(),
      peer: sfuName,
      role: sfuRole,
      /** True when the seat was resumed with its media. */
      resumed: z.boolean(),
      /** For `auth: {resume}` on the next socket; a secret of this page. */
      resume: z.string().length(43),
      /** How long a seat without a socket is kept, ms. */
      graceMs: z.int().nonnegative(),
      routerRtpCapabilities: rtpCapabilities,
      transports,
      iceServers: z.array(iceServer).max(8),
      snapshot: roomSnapshot,
      consumers: z.array(z.object({ id: z.uuid(), producer: z.uuid() })),
    }),
  },
  /** What this client can decode; before the first `consume`. */
  ready: { input: z.strictObject({ rtpCapabilities }), output: done },
  connectTransport: { input: z.strictObject({ transport: z.uuid(), dtlsParameters }), output: done },
  restartIce: { input: z.strictObject({ transport: z.uuid() }), output: z.object({ iceParameters }) },
  /** Closes both transports with all they carry and gives new ones. */
  renewTransports: { input: none, output: transports },
  produce: {
    input: z.strictObject({ kind: mediaKind, source: mediaSource, rtpParameters, paused: z.boolean().default(false) }),
    output: z.object({ producer: z.uuid() }),
  },
  pauseProducer: { input: z.strictObject({ producer: z.uuid() }), output: done },
  resumeProducer: { input: z.strictObject({ producer: z.uuid() }), output: done },
  closeProducer: { input: z.strictObject({ producer: z.uuid() }), output: done },
  consume: {
    input: z.strictObject({ producer: z.uuid() }),
    output: z.object({
      consumer: z.uuid(),
      producer: z.uuid(),
      kind: mediaKind,
      rtpParameters,
      producerPaused: z.boolean(),
    }),
  },
  resumeConsumer: { input: z.strictObject({ consumer: z.uuid() }), output: done },
  pauseConsumer: { input: z.strictObject({ consumer: z.uuid() }), output: done },
  closeConsumer: { input: z.strictObject({ consumer: z.uuid() }), output: done },
  setPreferredLayers: {
    input: z.strictObject({
      consumer: z.uuid(),
      spatial: z.int().min(0).max(3),
      temporal: z.int().min(0).max(3).optional(),
    }),
    output: done,
  },
  /** The present snapshot, for a client that missed a revision. */
  snapshot: { input: none, output: roomSnapshot },
  /** Shows a consent to be recorded that the hub has stored; see `consentClaims`. */
  consent: { input: z.strictObject({ token: z.string().min(1).max(2048) }), output: done },
  /** Takes one's consent back: recording stops at once, whether or not the hub can be reached. */
  withdrawConsent: { input: none, output: done },
  /** Asks for recording: it runs as soon as everybody present has consented. Needs `may.record`. */
  startRecording: { input: none, output: done },
  /** Anybody in the room may. */
  stopRecording: { input: none, output: done },
  leave: { input: none, output: done },
  /** Ends the room for everybody; the doctor only. */
  end: { input: none, output: done },
} as const satisfies Record<string, SfuRequest>;

export type SfuRequestName = keyof typeof sfuRequests;
export type SfuInput<N extends SfuRequestName> = z.input<(typeof sfuRequests)[N]['input']>;
export type SfuOutput<N extends SfuRequestName> = z.output<(typeof sfuRequests)[N]['output']>;

/** The same requests, in a shape in which a generic name finds the type of its own output. */
const byName: { readonly [N in SfuRequestName]: { output: { parse(raw: unknown): SfuOutput<N> } } } = sfuRequests;

/** Parses the `data` of a reply. @throws ZodError */
export function parseSfuOutput<N extends SfuRequestName>(name: N, data: unknown): SfuOutput<N> {
  return byName[name].output.parse(data);
}

/** Acknowledgement envelope; `data` is then parsed by the request's own output. */
export const sfuReply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), data: z.unknown() }),
  z.object({ ok: z.literal(false), error: sfuError }),
]);
export type SfuReply = z.infer<typeof sfuReply>;

/** What the node sends on its own. */
export const sfuEvents = {
  update: z.object({ revision: z.int().positive(), change: roomChange }),
  /** A consumer of this client is gone because its transport or producer is. */
  consumerClosed: z.object({ consumer: z.uuid() }),
  /** The simulcast layer that is being sent to this client; null while none fits. */
  consumerLayers: z.object({
    consumer: z.uuid(),
    spatial: z.int().min(0).nullable(),
    temporal: z.int().min(0).nullable(),
  }),
  /** How well a consumer arrives, 0 (nothing) to 10. */
  consumerScore: z.object({ consumer: z.uuid(), score: z.int().min(0).max(10), producerScore: z.int().min(0).max(10) }),
  /** A message that could not be answered otherwise. */
  problem: sfuError,
  /** The last thing a socket hears before the node disconnects it. */
  bye: z.object({ reason: byeReason }),
} as const satisfies Record<string, z.ZodType>;
export type SfuEventName = keyof typeof sfuEvents;
export type SfuEvent<N extends SfuEventName> = z.infer<(typeof sfuEvents)[N]>;

// Control API, for the hub: HTTP on the same port, `Authorization: Bearer <NADI_SFU_SECRET>`.

/** `GET /healthz` (public). 200 while it can carry calls, 503 otherwise. */
export const sfuHealth = z.object({
  status: z.enum(['ok', 'degraded', 'shutting-down']),
  bootId: z.uuid(),
  workers: z.object({ alive: z.int(), total: z.int() }),
});
export type SfuHealth = z.infer<typeof sfuHealth>;

/** `GET /control/node`. */
export const sfuNodeInfo = z.object({
  bootId: z.uuid(),
  publicUrl: z.string(),
  /** False while shutting down or without a live worker: place no room here. */
  accepting: z.boolean(),
  workers: z.array(z.object({ pid: z.int().optional(), rooms: z.int(), alive: z.boolean() })),
  /** Seats taken per live worker; compare nodes by it. */
  load: z.number().nonnegative(),
});
export type SfuNodeInfo = z.infer<typeof sfuNodeInfo>;

/** `GET /control/rooms/:room`, 404 when the node has no such room. */
export const sfuRoomInfo = z.object({
  room: sfuName,
  epoch: z.int().nonnegative(),
  peers: z.array(z.object({ peer: sfuName, role: sfuRole, connected: z.boolean(), producers: z.int() })),
});
export type SfuRoomInfo = z.infer<typeof sfuRoomInfo>;

/**
 * `POST /control/rooms/:room/close`. `ended`: over for good; `moved`: the clients are told to fetch a new grant. Grants of this
 * epoch or older are refused from then on. `epoch`: close this placement or an older one and leave a newer one alone; needed
 * to refuse the grants of a room nobody has opened yet (default: the epoch of the open room).
 */
export const sfuCloseRequest = z.strictObject({
  reason: z.enum(['ended', 'moved']),
  epoch: z.int().nonnegative().optional(),
});
export type SfuCloseRequest = z.infer<typeof sfuCloseRequest>;
export const sfuCloseResult = z.object({ closed: z.boolean() });
