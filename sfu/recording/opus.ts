/** Opus counts in samples at 48 kHz, whatever was captured (RFC 7587 §4.1). */
export const samplesPerMs = 48;

/** Twenty milliseconds of silence: a CELT fullband frame that codes nothing. */
export const silence = Buffer.from([0xf8, 0xff, 0xfe]);
export const silenceSamples = 20 * samplesPerMs;

/** Frame length by the TOC byte's configuration number (RFC 6716 §3.1, table 2), ms. */
const silk = [10, 20, 40, 60];
const hybrid = [10, 20];
const celt = [2.5, 5, 10, 20];
const frameMs: readonly number[] = [
  ...[0, 1, 2].flatMap(() => silk),
  ...[0, 1].flatMap(() => hybrid),
  ...[0, 1, 2, 3].flatMap(() => celt),
];

/**
 * How long an Opus packet lasts, in samples; 0 when it is not one.
 * RFC 6716 §3.2: one frame, two frames, or a count in the second byte; at most 120 ms.
 */
export function packetSamples(packet: Buffer): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const frame = (frameMs[toc >> 3] ?? 0) * samplesPerMs;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  const samples = frame * frames;
  return samples <= 120 * samplesPerMs ? samples : 0;
}

/** Whether a packet carries (next to) nothing: what an encoder sends while somebody is silent (DTX, RFC 6716 §2.1.9). */
export function isSilent(packet: Buffer): boolean {
  return packet.length <= 3;
}
