/**
 * What WebRTC itself puts on the SFU's wire: RTP, ICE and DTLS parameters, bounded. Shapes follow mediasoup's
 * rtpParametersTypes, WebRtcTransportTypes (ORTC dictionaries); unknown members are dropped.
 */
import { z } from 'zod';

const word = z.string().min(1).max(128);
const uint8 = z.int().min(0).max(255);
const uint32 = z.int().min(0).max(0xffffffff);

export const mediaKind = z.enum(['audio', 'video']);

/** Codec parameters, for example `{minptime: 10, useinbandfec: 1}`: scalars only. */
const codecSettings = z
  .record(word, z.union([z.string().max(512), z.number(), z.boolean(), z.null()]))
  .refine((value) => Object.keys(value).length <= 32, 'too many parameters');
const rtcpFeedback = z.array(z.object({ type: word, parameter: z.string().max(64).optional() })).max(16);

const codecBase = {
  mimeType: z
    .string()
    .max(64)
    .regex(/^(audio|video)\/[\w.+-]+$/i),
  clockRate: z.int().min(1).max(1_000_000),
  channels: z.int().min(1).max(8).optional(),
  parameters: codecSettings.optional(),
  rtcpFeedback: rtcpFeedback.optional(),
};

/** The header extensions mediasoup knows; one it does not know cannot be negotiated. */
const extensionUri = z.enum([
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'urn:3gpp:video-orientation',
  'urn:ietf:params:rtp-hdrext:toffset',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
  'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
]);

/** What an endpoint can receive (a router offers it, a client answers with its own). */
export const rtpCapabilities = z.object({
  codecs: z.array(z.object({ ...codecBase, kind: mediaKind, preferredPayloadType: z.int().min(0).max(127) })).max(32),
  headerExtensions: z
    .array(
      z.object({
        kind: mediaKind,
        uri: extensionUri,
        preferredId: uint8,
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(32),
});
export type RtpCapabilities = z.infer<typeof rtpCapabilities>;

/** What one producer sends or one consumer receives. */
export const rtpParameters = z.object({
  mid: z.string().max(32).optional(),
  codecs: z
    .array(z.object({ ...codecBase, payloadType: z.int().min(0).max(127) }))
    .min(1)
    .max(8),
  headerExtensions: z
    .array(
      z.object({ uri: extensionUri, id: uint8, encrypt: z.boolean().optional(), parameters: codecSettings.optional() }),
    )
    .max(16)
    .optional(),
  encodings: z
    .array(
      z.object({
        ssrc: uint32.optional(),
        rid: z.string().max(16).optional(),
        codecPayloadType: z.int().min(0).max(127).optional(),
        rtx: z.object({ ssrc: uint32 }).optional(),
        dtx: z.boolean().optional(),
        scalabilityMode: z.string().max(16).optional(),
        maxBitrate: z.int().min(0).max(100_000_000).optional(),
      }),
    )
    .min(1)
    .max(4),
  rtcp: z.object({ cname: z.string().max(256).optional(), reducedSize: z.boolean().optional() }).optional(),
});
export type RtpParameters = z.infer<typeof rtpParameters>;

export const dtlsParameters = z.object({
  role: z.enum(['auto', 'client', 'server']).optional(),
  fingerprints: z
    .array(
      z.object({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z
          .string()
          .max(256)
          .regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*$/),
      }),
    )
    .min(1)
    .max(8),
});

export const iceParameters = z.object({
  usernameFragment: word,
  password: word,
  iceLite: z.boolean().optional(),
});

const iceCandidate = z.object({
  foundation: word,
  priority: uint32,
  ip: word,
  address: word,
  protocol: z.enum(['udp', 'tcp']),
  port: z.int().min(1).max(65_535),
  type: z.literal('host'),
  tcpType: z.literal('passive').optional(),
});

/** One transport of the node, as the client's side of it needs it. */
export const transportInfo = z.object({
  id: z.uuid(),
  iceParameters,
  iceCandidates: z.array(iceCandidate).max(16),
  dtlsParameters,
});
export type TransportInfo = z.infer<typeof transportInfo>;

/** STUN and TURN servers, as RTCPeerConnection takes them. */
export const iceServer = z.object({
  urls: z.union([z.string().max(256), z.array(z.string().max(256)).max(8)]),
  username: z.string().max(256).optional(),
  credential: z.string().max(256).optional(),
});
