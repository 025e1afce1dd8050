import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { types } from 'mediasoup';
import { pino } from 'pino';
import { ensureMediaWorker } from '../../scripts/services/mediaWorker.ts';
import { Recording } from '../../sfu/recording/Recording.ts';
import { Spool } from '../../sfu/recording/Spool.ts';

const packetMs = 20;
const packetBytes = 80; // 32 kbit/s
const rooms = 20;
const peers = ['doctor', 'patient'] as const;

/** Sends as a browser would, without one. */
class Speaker {
  readonly #ssrc: number;
  readonly producer: types.Producer;
  #sent = 0;

  constructor(producer: types.Producer, ssrc: number) {
    this.producer = producer;
    this.#ssrc = ssrc;
  }

  static async on(router: types.Router, ssrc: number): Promise<Speaker> {
    const transport = await router.createDirectTransport();
    const codec = { mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2, parameters: {} };
    const rtpParameters = { mid: '0', codecs: [codec], encodings: [{ ssrc }], rtcp: { cname: `c${ssrc}` } };
    return new Speaker(await transport.produce({ kind: 'audio', rtpParameters }), ssrc);
  }

  say(): void {
    const packet = Buffer.alloc(12 + packetBytes, 0x55);
    packet.writeUInt16BE(0x80_64);
    packet.writeUInt16BE(++this.#sent & 0xffff, 2);
    packet.writeUInt32BE((this.#sent * 960) >>> 0, 4);
    packet.writeUInt32BE(this.#ssrc, 8);
    packet[12] = 0x78; // one CELT frame of 20 ms
    this.producer.send(packet);
  }

  async received(): Promise<number> {
    return (await this.producer.getStats()).reduce((sum, one) => sum + one.packetCount, 0);
  }
}

/** Resident memory of a process, KiB. */
async function resident(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

/**
 * 20 rooms of two speakers recorded for ten minutes (`--seconds` for less) on one worker, without browsers: packets that
 * the worker received against those in the files, and what a recorded participant costs in memory, node and worker together.
 */
export async function run(args: readonly string[]): Promise<{ table: object[]; json: Record<string, unknown> }> {
  const seconds = args.includes('--seconds') ? Number(args[args.indexOf('--seconds') + 1]) : 600;
  process.env['MEDIASOUP_WORKER_BIN'] = await ensureMediaWorker({ step: () => undefined, info: () => undefined });
  const { createWorker } = await import('mediasoup');
  const worker = await createWorker({ logLevel: 'none' });
  const folder = await mkdtemp(join(tmpdir(), 'nadi-bench-'));
  const log = pino({ level: 'silent' });
  const spool = await Spool.open(folder, 'bench', log);
  const memory = async (): Promise<number> => {
    globalThis.gc?.();
    return (await resident(process.pid)) + (await resident(worker.pid));
  };

  const all: { recording: Recording; speakers: Speaker[] }[] = [];
  for (let room = 0; room < rooms; room += 1) {
    const codec = { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 } as const;
    const router = await worker.createRouter({ mediaCodecs: [codec] });
    const speakers = await Promise.all(peers.map((_, index) => Speaker.on(router, 1_000 + room * 10 + index)));
    const recording = new Recording(`room-${room}`, { spool, log, now: Date.now });
    const present = peers.map((peer, index) => ({
      peer,
      microphones: speakers.slice(index, index + 1).map((one) => one.producer),
    }));
    recording.attach({ epoch: 1, router, present: () => present, changed: () => undefined });
    for (const peer of peers) recording.consent(peer, Date.now());
    all.push({ recording, speakers });
  }
  const everybody = all.flatMap(({ speakers }) => speakers);
  let speaking = true;
  const speak = async (): Promise<void> => {
    const begun = performance.now();
    for (let said = 0; speaking;) {
      const due = Math.floor((performance.now() - begun) / packetMs);
      for (; said < due; said += 1) for (const one of everybody) one.say();
      await new Promise((resolve) => setTimeout(resolve, packetMs));
    }
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  // Without recording first: what sending itself costs is not the recorder's.
  const warmUp = speak();
  await wait(10_000);
  speaking = false;
  await warmUp;
  const before = await memory();
  const earlier = await Promise.all(everybody.map((one) => one.received()));
  for (const { recording } of all) recording.ask();
  await Promise.all(all.map(({ recording }) => recording.settled()));
  speaking = true;
  const conversation = speak();
  await wait(Math.min(10_000, seconds * 500));
  const early = await memory();
  await wait(seconds * 1_000 - Math.min(10_000, seconds * 500));
  const late = await memory();
  speaking = false;
  await conversation;
  await wait(500);
  const received = (await Promise.all(everybody.map((one) => one.received()))).map((now, i) => now - (earlier[i] ?? 0));
  for (const { recording } of all) recording.stop();
  await Promise.all(all.map(({ recording }) => recording.settled()));
  const written = spool.list().reduce((sum, card) => sum + card.packets, 0);
  const arrived = received.reduce((sum, one) => sum + one, 0);
  worker.close();
  await rm(folder, { recursive: true, force: true });
  const each = (kib: number): number => Number((kib / 1024 / everybody.length).toFixed(3));
  const json = {
    participants: everybody.length,
    seconds,
    arrived,
    written,
    lost: arrived - written,
    mbPerParticipant: each(late - before),
    mbPerParticipantEarly: each(early - before),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
  return { table: [json], json };
}
