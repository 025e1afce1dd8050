import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oggCrc, preSkip } from './oggPages.ts';
import { OpusFile } from './OpusFile.ts';
import { packetSamples, silence } from './opus.ts';
import type { RtpPacket } from './Reorder.ts';

const start = 1_700_000_000_000;

/** A file read back: every packet that is not filled-in silence with its place, ms; checks pages on the way. */
function readBack(pages: readonly Buffer[]): { sounds: Map<number, number>; ms: number; ended: boolean } {
  const bytes = Buffer.concat(pages);
  const sounds = new Map<number, number>();
  let [at, sequence, position, ended] = [0, 0, 0, false];
  while (at < bytes.length) {
    expect(bytes.toString('latin1', at, at + 4)).toBe('OggS');
    const count = bytes[at + 26] ?? 0;
    const table = [...bytes.subarray(at + 27, at + 27 + count)];
    const size = 27 + count + table.reduce((sum, one) => sum + one, 0);
    const page = Buffer.from(bytes.subarray(at, at + size));
    const crc = page.readUInt32LE(22);
    page.writeUInt32LE(0, 22);
    expect(oggCrc(page)).toBe(crc);
    expect(page.readUInt32LE(18)).toBe(sequence++);
    ended = (page[5]! & 4) !== 0;
    if (sequence > 2) {
      let [from, length] = [27 + count, 0];
      for (const part of table) {
        length += part;
        if (part === 255) continue;
        const packet = page.subarray(from, from + length);
        if (!packet.equals(silence)) sounds.set(packet.readUInt32LE(1), position / 48);
        position += packetSamples(packet);
        from += length;
        length = 0;
      }
      expect(Number(page.readBigInt64LE(6))).toBe(position + preSkip);
    }
    at += size;
  }
  return { sounds, ms: position / 48, ended };
}

/** A recording under test: 20 ms packets with their number inside, at any wall time. */
function recording(): {
  pages: Buffer[];
  file: OpusFile;
  say: (n: number, at: number, over?: Partial<RtpPacket>) => void;
} {
  const pages: Buffer[] = [];
  const file = new OpusFile(start, 7, (page) => pages.push(page));
  const say = (n: number, at: number, over: Partial<RtpPacket> = {}): void => {
    const payload = Buffer.alloc(60, 0x55);
    payload[0] = 0x78; // SILK/hybrid fullband, 20 ms, one frame
    payload.writeUInt32LE(n, 1);
    file.push({ seq: n & 0xffff, timestamp: (n * 960) >>> 0, payload, at: start + at, ...over });
  };
  return { pages, file, say };
}

const near = (found: number | undefined, expected: number, within = 60): void => {
  expect(found).toBeDefined();
  expect(Math.abs((found ?? NaN) - expected)).toBeLessThanOrEqual(within);
};

describe('an Opus file', () => {
  test('lengths by the TOC byte', () => {
    const toc = (config: number, code: number): number => (config << 3) | code;
    const length = (first: number, second = 0): number => packetSamples(Buffer.from([first, second])) / 48;
    expect([length(toc(0, 0)), length(toc(3, 0)), length(toc(14, 0)), length(toc(16, 0)), length(toc(31, 0))]).toEqual([
      10, 60, 10, 2.5, 20,
    ]);
    expect([length(toc(31, 1)), length(toc(31, 2)), length(toc(31, 3), 6), length(toc(3, 3), 3)]).toEqual([
      40, 40, 120, 0,
    ]);
    expect(packetSamples(Buffer.alloc(0))).toBe(0);
  });

  test('file time is wall time: an undisturbed talk', () => {
    const { pages, file, say } = recording();
    for (let n = 0; n < 500; n++) say(n, 1000 + n * 20 + 20);
    file.close(start + 12_000);
    const { sounds, ms, ended } = readBack(pages);
    expect(sounds.size).toBe(500);
    near(sounds.get(0), 1000);
    near(sounds.get(499), 1000 + 499 * 20);
    near(ms, 12_000);
    expect(ended).toBe(true);
  });

  test('a page at least every half second, also while nothing arrives: that much is lost at most', () => {
    const { pages, file, say } = recording();
    for (let now = 0; now < 20_000; now += 20) {
      if (now < 5_000) say(now / 20, now + 20);
      if (now % 200 === 0) file.tick(start + now);
      const { ms } = readBack(pages);
      expect(now - ms).toBeLessThanOrEqual(500 + 500 + 200);
    }
  });

  test('loss, reordering and repeats: everything that came is at its place, once', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(99)), (dice) => {
        const { pages, file, say } = recording();
        const sent: { n: number; at: number }[] = [];
        for (let n = 0; n < 300; n++) {
          const roll = dice.next().value;
          if (roll < 8) continue;
          sent.push({ n, at: n * 20 + 20 + (roll < 20 ? roll * 3 : 0) });
          if (roll > 95) sent.push({ n, at: n * 20 + 35 });
        }
        sent.sort((a, b) => a.at - b.at);
        for (const { n, at } of sent) say(n, at);
        file.close(start + 6_100);
        const { sounds, ms } = readBack(pages);
        expect(new Set(sounds.keys())).toEqual(new Set(sent.map((one) => one.n)));
        for (const [n, at] of sounds) near(at, n * 20);
        near(ms, 6_100);
      }),
      { numRuns: 50 },
    );
  });

  test('counters wrap without a seam', () => {
    const { pages, file, say } = recording();
    const first = 0xffff_ffff - 100 * 960;
    for (let n = 0; n < 300; n++) {
      say(n, n * 20 + 20, { seq: (65_400 + n) & 0xffff, timestamp: (first + n * 960) >>> 0 });
    }
    file.close(start + 6_000);
    const { sounds } = readBack(pages);
    expect(sounds.size).toBe(300);
    near(sounds.get(299), 299 * 20);
  });

  test('mute and pauses in speaking (DTX) leave silence of the right length', () => {
    const { pages, file, say } = recording();
    for (let n = 0; n < 50; n++) say(n, n * 20 + 20);
    // RTP time goes on while muted; numbers do not.
    for (let n = 50; n < 100; n++) say(n, n * 20 + 20 + 30_000, { timestamp: n * 960 + 30_000 * 48 });
    file.close(start + 33_000);
    const { sounds, ms } = readBack(pages);
    near(sounds.get(49), 49 * 20);
    near(sounds.get(50), 31_000);
    near(sounds.get(99), 31_980);
    near(ms, 33_000);
  });

  test('capture stalls: RTP has no gap but the wall has; nothing is lost and what follows is at its time', () => {
    for (const ticking of [false, true]) {
      const { pages, file, say } = recording();
      for (let n = 0; n < 50; n++) say(n, n * 20 + 20);
      if (ticking) for (let now = 1000; now < 4000; now += 200) file.tick(start + now);
      for (let n = 50; n < 200; n++) say(n, n * 20 + 20 + 3_000);
      file.close(start + 7_100);
      const { sounds, ms } = readBack(pages);
      expect(sounds.size).toBe(200);
      near(sounds.get(49), 49 * 20);
      for (let n = 90; n < 200; n++) near(sounds.get(n), n * 20 + 3_000);
      near(ms, 7_100);
    }
  });

  test('one late burst is jitter, not a stall: sound stays where it was', () => {
    const { pages, file, say } = recording();
    for (let n = 0; n < 200; n++) say(n, n >= 100 && n < 115 ? 2_320 : n * 20 + 20);
    file.close(start + 4_000);
    const { sounds } = readBack(pages);
    for (let n = 0; n < 200; n++) near(sounds.get(n), n * 20);
  });

  test.each([
    ['slow', 0.99],
    ['fast', 1.01],
  ])('a sender whose clock is %s stays within a quarter of a second of the wall', (_name, rate) => {
    const { pages, file } = recording();
    let expected = 0;
    const wall = new Map<number, number>();
    for (let n = 0; n < 6_000; n++) {
      // Every second somebody is silent for a moment: DTX frames that may be left out.
      const quiet = n % 50 > 35;
      const payload = quiet ? Buffer.from([0x78]) : Buffer.alloc(60, 0x55);
      payload[0] = 0x78;
      if (!quiet) payload.writeUInt32LE(n, 1);
      const at = (n * 20) / rate + 20;
      if (!quiet) wall.set(n, at - 20);
      file.push({ seq: n & 0xffff, timestamp: n * 960, payload, at: start + at });
      expected = at;
    }
    file.close(start + expected);
    const sounds = readBackSounds(pages);
    for (const [n, at] of wall) if (n > 100) near(sounds.get(n), at, 280);
    expect(sounds.size).toBeGreaterThanOrEqual(wall.size - 5);
  });

  test('a new producer of the same participant continues the file', () => {
    const { pages, file, say } = recording();
    for (let n = 0; n < 100; n++) say(n, n * 20 + 20);
    file.newSource();
    for (let n = 100; n < 200; n++)
      say(n, n * 20 + 20 + 1_500, { seq: (n + 40_000) & 0xffff, timestamp: 5_000 + n * 960 });
    file.close(start + 5_600);
    const { sounds, ms } = readBack(pages);
    expect(sounds.size).toBe(200);
    near(sounds.get(99), 99 * 20);
    near(sounds.get(100), 3_500);
    near(sounds.get(199), 5_480);
    near(ms, 5_600);
  });

  test('rubbish is not written', () => {
    const { pages, file } = recording();
    file.push({ seq: 1, timestamp: 1, payload: Buffer.alloc(0), at: start });
    file.push({ seq: 2, timestamp: 961, payload: Buffer.from([0xff, 0x00]), at: start + 20 });
    file.close(start + 40);
    file.push({ seq: 3, timestamp: 1921, payload: silence, at: start + 60 });
    expect(readBack(pages).sounds.size).toBe(0);
    expect(file.stats).toMatchObject({ packets: 0, dropped: 2 });
  });
});

/** As {@link readBack}, where real silence frames of one byte are among the packets. */
function readBackSounds(pages: readonly Buffer[]): Map<number, number> {
  const bytes = Buffer.concat(pages);
  const sounds = new Map<number, number>();
  let [at, page, position] = [0, 0, 0];
  while (at < bytes.length) {
    const count = bytes[at + 26] ?? 0;
    let from = at + 27 + count;
    let length = 0;
    for (const part of bytes.subarray(at + 27, at + 27 + count)) {
      length += part;
      if (part === 255) continue;
      if (page >= 2) {
        const packet = bytes.subarray(from, from + length);
        if (packet.length > 3) sounds.set(packet.readUInt32LE(1), position / 48);
        position += packetSamples(packet);
      }
      from += length;
      length = 0;
    }
    at = from;
    page += 1;
  }
  return sounds;
}
