import { z } from 'zod';
import type { MediaSource, ProducerInfo } from '../../../../shared/contract/sfu.ts';
import type { MediaLink } from './MediaLink.ts';
import type { InboundStats, OutboundStats, Quality, RoomStats } from './roomTypes.ts';

const count = z.number().catch(0);
/** Members of getStats() entries (W3C webrtc-stats); browsers leave out what they do not measure. */
const outboundRtp = z.object({
  bytesSent: count,
  packetsSent: count,
  framesEncoded: count,
  active: z.boolean().catch(true),
});
const inboundRtp = z.object({
  bytesReceived: count,
  packetsReceived: count,
  packetsLost: count,
  jitter: count,
  framesDecoded: count,
  frameWidth: count,
  frameHeight: count,
  totalAudioEnergy: count,
});
const candidatePair = z.object({
  state: z.string(),
  nominated: z.boolean().catch(false),
  currentRoundTripTime: z.number().optional(),
});

/** Reads the counters of everything a link sends and receives. */
export async function readStats(link: MediaLink, producers: readonly ProducerInfo[], now: number): Promise<RoomStats> {
  const outbound: Partial<Record<MediaSource, OutboundStats>> = {};
  for (const [source, { producer }] of link.sent) {
    const layers = entries(await producer.getStats(), 'outbound-rtp').map((entry) => outboundRtp.parse(entry));
    outbound[source] = {
      bytes: sum(layers.map(({ bytesSent }) => bytesSent)),
      packets: sum(layers.map(({ packetsSent }) => packetsSent)),
      framesEncoded: sum(layers.map(({ framesEncoded }) => framesEncoded)),
      layers: layers.filter(({ active, bytesSent }) => active && bytesSent > 0).length,
    };
  }
  const inbound: Record<string, InboundStats> = {};
  for (const [id, { consumer }] of link.received) {
    const info = producers.find((producer) => producer.id === id);
    const [entry] = entries(await consumer.getStats(), 'inbound-rtp');
    if (info === undefined || entry === undefined) continue;
    const { bytesReceived, packetsReceived, packetsLost, jitter, ...rest } = inboundRtp.parse(entry);
    inbound[id] = {
      peer: info.peer,
      source: info.source,
      bytes: bytesReceived,
      packets: packetsReceived,
      packetsLost,
      jitterMs: jitter * 1000,
      framesDecoded: rest.framesDecoded,
      frameWidth: rest.frameWidth,
      frameHeight: rest.frameHeight,
      audioEnergy: rest.totalAudioEnergy,
    };
  }
  const pairs = entries(await link.transportStats(), 'candidate-pair').map((entry) => candidatePair.parse(entry));
  const roundTrip = pairs.find(({ state, nominated }) => nominated && state === 'succeeded')?.currentRoundTripTime;
  return { at: now, roundTripMs: roundTrip === undefined ? undefined : roundTrip * 1000, outbound, inbound };
}

/**
 * A hint from two readings some seconds apart. Round trip: fair above 300 ms, poor above 800 ms (ITU-T G.114: 150 and 400 ms
 * one way). Loss: fair above 3 %, poor above 10 %, where concealment stops to hide it. A picture that stands still is poor.
 *
 * @param unpaused producers of cameras that are sending
 */
export function qualityOf(before: RoomStats, now: RoomStats, unpaused: ReadonlySet<string>): Quality {
  let lost = 0;
  let received = 0;
  let frozen = false;
  for (const [id, current] of Object.entries(now.inbound)) {
    const earlier = before.inbound[id];
    if (earlier === undefined) continue;
    lost += Math.max(0, current.packetsLost - earlier.packetsLost);
    received += Math.max(0, current.packets - earlier.packets);
    frozen ||= current.source === 'camera' && unpaused.has(id) && current.framesDecoded === earlier.framesDecoded;
  }
  if (received === 0 && !frozen && now.roundTripMs === undefined) return 'unknown';
  const loss = lost / Math.max(1, lost + received);
  const roundTripMs = now.roundTripMs ?? 0;
  if (frozen || loss > 0.1 || roundTripMs > 800) return 'poor';
  return loss > 0.03 || roundTripMs > 300 ? 'fair' : 'good';
}

function entries(report: RTCStatsReport, type: string): unknown[] {
  const found: unknown[] = [];
  report.forEach((entry: { type?: unknown }) => {
    if (entry.type === type) found.push(entry);
  });
  return found;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
