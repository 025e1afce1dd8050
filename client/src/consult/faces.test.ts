import { describe, expect, it } from 'vitest';
import { browserOf, deviceTrouble, faceOf, lineOf } from './faces.ts';

describe('faceOf', () => {
  it('follows the room, and tells alone from together', () => {
    expect(faceOf('idle', null, null, 0)).toBe('preparing');
    expect(faceOf('live', null, null, 0)).toBe('alone');
    expect(faceOf('live', null, null, 1)).toBe('together');
    expect(faceOf('reconnecting', null, null, 1)).toBe('together');
    expect(faceOf('replaced', null, null, 1)).toBe('replaced');
  });

  it('believes the hub before the room: not called yet, over, not allowed', () => {
    expect(faceOf('idle', null, 'NOT_CALLED_YET', 0)).toBe('not-called');
    expect(faceOf('idle', null, 'WRONG_STATE', 0)).toBe('ended');
    expect(faceOf('live', null, 'NOT_FOUND', 1)).toBe('refused');
  });

  it('believes the queue before all: over is over, and who was passed over may be called again', () => {
    expect(faceOf('live', 'done', null, 1)).toBe('ended');
    expect(faceOf('idle', 'waiting', 'WRONG_STATE', 0)).toBe('in-person');
    expect(faceOf('ended', 'skipped', null, 0)).toBe('set-aside');
    expect(faceOf('live', 'in-consultation', null, 1)).toBe('together');
  });
});

it('says one thing about the connection, one’s own trouble first', () => {
  expect(lineOf('reconnecting', true, 'poor')).toBe('reconnecting');
  expect(lineOf('live', true, 'good')).toBe('otherReconnecting');
  expect(lineOf('live', false, 'poor')).toBe('poor');
  expect(lineOf('live', false, 'unknown')).toBeNull();
  expect(lineOf('connecting', false, 'good')).toBeNull();
});

it('names the browser whose switch is described', () => {
  const agents: [string, string][] = [
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/131.0 Mobile/15E148 Safari/604.1',
      'ios',
    ],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
      'android',
    ],
    ['Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0', 'firefox'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0',
      'chrome',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
      'safari',
    ],
    ['Something else', 'other'],
  ];
  for (const [agent, browser] of agents) expect(browserOf(agent)).toBe(browser);
});

it('puts what keeps one from being heard before what keeps one from being seen', () => {
  expect(deviceTrouble(undefined, undefined)).toBeNull();
  expect(deviceTrouble('permission-denied', 'permission-denied')).toEqual({
    what: 'both',
    problem: 'permission-denied',
  });
  expect(deviceTrouble('in-use', undefined)).toEqual({ what: 'microphone', problem: 'in-use' });
  expect(deviceTrouble(undefined, 'no-device')).toEqual({ what: 'camera', problem: 'no-device' });
});
