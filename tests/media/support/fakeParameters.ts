import { randomInt } from 'node:crypto';
import type { RtpCapabilities, RtpParameters } from '../../../shared/contract/sfuRtp.ts';

/** Valid parameters of an endpoint that never sends, where a test is about signalling only. */
export function opusParameters(): RtpParameters {
  return {
    mid: String(randomInt(1_000_000)),
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48_000,
        channels: 2,
        parameters: { useinbandfec: 1, usedtx: 1 },
        rtcpFeedback: [{ type: 'transport-cc' }],
      },
    ],
    headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 }],
    encodings: [{ ssrc: randomInt(1, 2 ** 31) }],
    rtcp: { cname: 'test' },
  };
}

/** Three layers of VP8, as a browser publishes a camera. */
export function simulcastParameters(): RtpParameters {
  return {
    mid: String(randomInt(1_000_000)),
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: 96,
        clockRate: 90_000,
        rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
      },
      { mimeType: 'video/rtx', payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
    ],
    headerExtensions: [
      { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 },
      { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: 2 },
    ],
    encodings: [
      { rid: 'r0', maxBitrate: 100_000, scalabilityMode: 'L1T3' },
      { rid: 'r1', maxBitrate: 300_000, scalabilityMode: 'L1T3' },
      { rid: 'r2', maxBitrate: 900_000, scalabilityMode: 'L1T3' },
    ],
    rtcp: { cname: 'test' },
  };
}

/** A receiver that knows none of the router's codecs. */
export function strangeReceiver(): RtpCapabilities {
  return {
    codecs: [
      {
        kind: 'video',
        mimeType: 'video/AV1',
        preferredPayloadType: 45,
        clockRate: 90_000,
        parameters: {},
        rtcpFeedback: [],
      },
    ],
    headerExtensions: [],
  };
}

export const dtlsParameters = {
  role: 'client' as const,
  fingerprints: [
    {
      algorithm: 'sha-256' as const,
      value: '82:5A:68:3D:36:C3:0A:DE:AF:E7:32:43:D2:88:83:57:AC:2D:65:E5:80:C4:B6:FB:AF:1A:A0:21:9F:6D:0C:AD',
    },
  ],
};
