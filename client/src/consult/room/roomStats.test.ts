import { describe, expect, it } from 'vitest';
import { cameraLayers, problemOf } from './devices.ts';
import { qualityOf } from './roomStats.ts';
import type { InboundStats, RoomStats } from './roomTypes.ts';

const video: InboundStats = {
  peer: 'p',
  source: 'camera',
  bytes: 0,
  packets: 1000,
  packetsLost: 10,
  jitterMs: 5,
  framesDecoded: 100,
  frameWidth: 640,
  frameHeight: 360,
  audioEnergy: 0,
};
const reading = (change: Partial<InboundStats>, roundTripMs?: number): RoomStats => ({
  at: 0,
  roundTripMs,
  outbound: {},
  inbound: { c1: { ...video, ...change } },
});
const before = reading({});
const flowing = { packets: 1300, framesDecoded: 170 };
const sending = new Set(['c1']);

describe('qualityOf', () => {
  it.each<[string, RoomStats, string]>([
    ['all arrives', reading(flowing, 40), 'good'],
    ['5 % are lost', reading({ ...flowing, packetsLost: 26 }, 40), 'fair'],
    ['20 % are lost', reading({ ...flowing, packetsLost: 85 }, 40), 'poor'],
    ['the way is long', reading(flowing, 400), 'fair'],
    ['the way is very long', reading(flowing, 900), 'poor'],
    ['the picture stands still', reading({ ...flowing, framesDecoded: 100 }, 40), 'poor'],
  ])('when %s', (_what, now, quality) => {
    expect(qualityOf(before, now, sending)).toBe(quality);
  });

  it('does not blame a camera that is switched off, nor old losses', () => {
    expect(qualityOf(before, reading({ packets: 1300 }, 40), new Set())).toBe('good');
    expect(qualityOf(reading({ packetsLost: 500 }), reading({ ...flowing, packetsLost: 500 }, 40), sending)).toBe(
      'good',
    );
  });

  it('says nothing about nothing', () => {
    const empty: RoomStats = { at: 0, roundTripMs: undefined, outbound: {}, inbound: {} };
    expect(qualityOf(empty, empty, sending)).toBe('unknown');
  });
});

describe('cameraLayers', () => {
  it('sends as many layers as the picture has room for', () => {
    expect([1080, 720, 540, 480, 360, 240, 120].map((height) => cameraLayers(height).length)).toEqual([
      3, 3, 3, 2, 2, 1, 1,
    ]);
    for (const height of [720, 360, 120]) expect(cameraLayers(height).at(-1)?.scaleResolutionDownBy).toBe(1);
  });
});

describe('problemOf', () => {
  it.each([
    ['NotAllowedError', 'permission-denied'],
    ['NotFoundError', 'no-device'],
    ['NotReadableError', 'in-use'],
    ['StrangeError', 'unknown'],
  ])('reads %s', (name, problem) => {
    expect(problemOf(new DOMException('', name))).toBe(problem);
  });
});
