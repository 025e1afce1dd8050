import type { RtpPacket } from './Reorder.ts';

/** Reads an RTP packet (RFC 3550 §5.1) that arrived at `at` (wall time, ms); null when it is not one. */
export function readRtp(packet: Buffer, at: number): RtpPacket | null {
  if (packet.length < 12 || (packet[0] ?? 0) >> 6 !== 2) return null;
  const first = packet[0] ?? 0;
  let start = 12 + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (packet.length < start + 4) return null;
    start += 4 + packet.readUInt16BE(start + 2) * 4;
  }
  const padding = (first & 0x20) === 0 ? 0 : (packet.at(-1) ?? 0);
  const end = packet.length - padding;
  if (start > end) return null;
  return { seq: packet.readUInt16BE(2), timestamp: packet.readUInt32BE(4), payload: packet.subarray(start, end), at };
}
