import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { types } from 'mediasoup';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureMediaWorker } from '../../scripts/services/mediaWorker.ts';
import type { RecordingInfo } from '../../shared/contract/sfuRecording.ts';
import { packetSamples, silence } from '../../sfu/recording/opus.ts';
import { Recording, type RecordedRoom } from '../../sfu/recording/Recording.ts';
import { Spool } from '../../sfu/recording/Spool.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const secret = 'a secret of the node, long enough';

/** A microphone: numbered 20 ms packets straight into the router. */
class Microphone {
  readonly producer: types.Producer;
  #sent = 0;
  readonly #ssrc: number;

  private constructor(producer: types.Producer, ssrc: number) {
    this.producer = producer;
    this.#ssrc = ssrc;
  }

  static async on(router: types.Router, ssrc: number): Promise<Microphone> {
    const transport = await router.createDirectTransport();
    const producer = await transport.produce({
      kind: 'audio',
      rtpParameters: {
        mid: '0',
        codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2, parameters: {} }],
        encodings: [{ ssrc }],
        rtcp: { cname: `c${ssrc}` },
      },
    });
    return new Microphone(producer, ssrc);
  }

  /** Sends so many packets marked by `from`, `from + 1`, … */
  say(from: number, count: number): void {
    for (let n = from; n < from + count; n++) {
      const packet = Buffer.alloc(12 + 40, 0x55);
      packet[0] = 0x80;
      packet[1] = 100;
      packet.writeUInt16BE(++this.#sent & 0xffff, 2);
      packet.writeUInt32BE((this.#sent * 960) >>> 0, 4);
      packet.writeUInt32BE(this.#ssrc, 8);
      packet[12] = 0x78;
      packet.writeUInt32LE(n, 13);
      this.producer.send(packet);
    }
  }
}

/** The marks of a file's packets in order. */
function marksOf(ogg: Buffer): number[] {
  const marks: number[] = [];
  for (let at = 0, page = 0; at < ogg.length; page++) {
    const count = ogg[at + 26] ?? 0;
    let from = at + 27 + count;
    let length = 0;
    for (const part of ogg.subarray(at + 27, at + 27 + count)) {
      length += part;
      if (part === 255) continue;
      const packet = ogg.subarray(from, from + length);
      if (page >= 2 && packetSamples(packet) > 0 && !packet.equals(silence)) marks.push(packet.readUInt32LE(1));
      from += length;
      length = 0;
    }
    at = from;
  }
  return marks;
}

describe('the recorder of a node, on a real worker', () => {
  let folder: string;
  let spool: Spool;
  let worker: types.Worker;
  let router: types.Router;
  let present: { peer: string; microphones: types.Producer[] }[];
  let told: RecordingInfo[];
  let recording: Recording;

  const newWorker = async (): Promise<void> => {
    process.env['MEDIASOUP_WORKER_BIN'] = await ensureMediaWorker({ step: () => undefined, info: () => undefined });
    const { createWorker } = await import('mediasoup');
    worker = await createWorker({ logLevel: 'none' });
    router = await worker.createRouter({
      mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
    });
  };
  const room = (epoch = 1): RecordedRoom => ({
    epoch,
    router,
    present: () => present,
    changed: (info) => void told.push(info),
  });
  const state = (): string => recording.info.state;
  const marks = async (peer: string): Promise<number[]> => {
    const card = spool.list().find((one) => one.peer === peer);
    const content = card && spool.read(card.id, 0);
    return content ? marksOf(await buffer(content)) : [];
  };
  const written = (count: number): Promise<unknown> =>
    until(`${count} packets are written`, () => recording.packets >= count);
  const running = (): Promise<unknown> => until('the recorder runs', () => state() === 'on');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nadi-spool-'));
    spool = await Spool.open(folder, secret, log);
    await newWorker();
    present = [];
    told = [];
    recording = new Recording('room-1', { spool, log, now: Date.now });
  });
  afterEach(async () => {
    recording.stop();
    await recording.settled();
    worker.close();
  });

  test('runs only while everybody present has consented; the sign tells the truth; nothing of it is readable on the disk', async () => {
    const doctor = await Microphone.on(router, 1111);
    const patient = await Microphone.on(router, 2222);
    const guest = await Microphone.on(router, 3333);
    present = [
      { peer: 'doctor', microphones: [doctor.producer] },
      { peer: 'patient', microphones: [patient.producer] },
    ];
    recording.attach(room());
    recording.consent('doctor', Date.now());
    recording.ask();
    await recording.settled();
    doctor.say(1, 5);
    expect([state(), spool.list().length]).toEqual(['waiting', 0]);

    recording.consent('patient', Date.now());
    await running();
    doctor.say(100, 50);
    patient.say(200, 50);
    await written(100);

    // A third one sits down who was not asked yet: not a packet of anybody from here on.
    present = [...present, { peer: 'guest', microphones: [guest.producer] }];
    recording.look();
    guest.say(900, 20);
    doctor.say(300, 20);
    await recording.settled();
    expect(state()).toBe('waiting');
    recording.consent('guest', Date.now());
    await running();
    doctor.say(400, 50);
    guest.say(500, 50);
    await written(200);
    recording.withdraw('guest');
    guest.say(910, 10);
    doctor.say(920, 10);
    await recording.settled();
    expect(state()).toBe('off');
    expect(recording.consent('guest', Date.now() - 60_000)).toBe(false);

    const all = [...(await marks('doctor')), ...(await marks('patient')), ...(await marks('guest'))];
    expect(all.filter((mark) => mark >= 900 || mark < 100 || (mark >= 300 && mark < 400))).toEqual([]);
    expect(await marks('patient')).toEqual(Array.from({ length: 50 }, (_, i) => 200 + i));
    expect((await marks('doctor')).slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => 100 + i));
    expect(told.map((info) => info.state).filter((one, i, list) => one !== list[i - 1])).toEqual([
      'off',
      'waiting',
      'on',
      'waiting',
      'on',
      'off',
    ]);
    const bytes = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
    expect(bytes.some((one) => one.includes('OggS') || one.includes('Opus'))).toBe(false);
  });

  test('a new producer and a lost worker continue the same file', async () => {
    const first = await Microphone.on(router, 1111);
    present = [{ peer: 'doctor', microphones: [first.producer] }];
    const before = room();
    recording.attach(before);
    recording.consent('doctor', Date.now());
    recording.ask();
    await running();
    first.say(1, 50);
    await written(50);
    const second = await Microphone.on(router, 1112);
    first.producer.close();
    present = [{ peer: 'doctor', microphones: [second.producer] }];
    recording.look();
    await recording.settled();
    second.say(101, 50);
    await written(100);

    process.kill(worker.pid, 'SIGKILL');
    await until('the worker is dead', () => worker.died);
    present = [];
    await recording.detach(before, false);
    expect(state()).toBe('waiting');
    await newWorker();
    const third = await Microphone.on(router, 1113);
    present = [{ peer: 'doctor', microphones: [third.producer] }];
    recording.attach(room(2));
    await running();
    await recording.settled();
    third.say(201, 50);
    await written(150);
    recording.stop();
    await recording.settled();
    expect(spool.list()).toMatchObject([{ peer: 'doctor', complete: true, interrupted: false, packets: 150 }]);
    const expected = [1, 101, 201].flatMap((from) => Array.from({ length: 50 }, (_, i) => from + i));
    expect(await marks('doctor')).toEqual(expected);
  });

  test('what a killed node wrote is there after its restart, until the hub has all of it', async () => {
    const doctor = await Microphone.on(router, 1111);
    present = [{ peer: 'doctor', microphones: [doctor.producer] }];
    recording.attach(room());
    recording.consent('doctor', Date.now());
    recording.ask();
    await running();
    await recording.settled();
    doctor.say(1, 120);
    const cardNow = () => spool.list()[0]?.id ?? '';
    await until('two seconds are on the disk', async () => {
      const content = spool.read(cardNow(), 0);
      return content !== null && marksOf(await buffer(content)).length >= 100;
    });

    // As a new process finds the folder.
    const again = await Spool.open(folder, secret, log);
    const [card] = again.list();
    expect(card).toMatchObject({ complete: true, interrupted: true, room: 'room-1' });
    const read = async (from: number): Promise<Buffer> => {
      const found = again.read(card?.id ?? '', from);
      return found ? await buffer(found) : Buffer.alloc(0);
    };
    const content = await read(0);
    expect(content.length).toBe(card?.bytes);
    expect((await read(1000)).equals(content.subarray(1000))).toBe(true);
    const sha = createHash('sha256').update(content).digest('hex');
    expect(await again.stored(card?.id ?? '', content.length, sha.replace(/^./, sha.startsWith('0') ? '1' : '0'))).toBe(
      'differs',
    );
    expect(await again.stored(card?.id ?? '', content.length - 1, sha)).toBe('differs');
    expect(await again.stored(card?.id ?? '', content.length, sha)).toBe('removed');
    expect(await again.stored(card?.id ?? '', content.length, sha)).toBe('unknown');
    expect(await readdir(folder)).toEqual([]);
  });
});
