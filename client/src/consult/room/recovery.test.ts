import { describe, expect, it } from 'vitest';
import { sfuErrorCodes } from '../../../../shared/contract/sfu.ts';
import { meaningOf, nextStep, pauseBefore, type RecoveryStep, type Trouble } from './recovery.ts';

const well: Trouble = {
  socketUp: true,
  media: 'up',
  seatLost: false,
  socketDownMs: 0,
  graceMs: 30_000,
  iceRestarts: 0,
  renewals: 0,
};

describe('nextStep', () => {
  it.each<[string, Partial<Trouble>, RecoveryStep]>([
    ['nothing is wrong', {}, 'none'],
    ['media is down', { media: 'down' }, 'restart-ice'],
    ['one ICE restart did not help', { media: 'down', iceRestarts: 1 }, 'restart-ice'],
    ['two ICE restarts did not help', { media: 'down', iceRestarts: 2 }, 'renew-transports'],
    ['new transports did not help', { media: 'down', iceRestarts: 2, renewals: 1 }, 'rejoin'],
    ['there are no transports', { media: 'none' }, 'renew-transports'],
    ['the socket is lost', { socketUp: false }, 'swap-socket'],
    ['socket and media are lost: an ICE restart needs a socket', { socketUp: false, media: 'down' }, 'swap-socket'],
    ['the seat was not kept so long', { socketUp: false, socketDownMs: 30_000 }, 'rejoin'],
    ['the seat is gone', { seatLost: true }, 'rejoin'],
  ])('when %s', (_what, trouble, step) => {
    expect(nextStep({ ...well, ...trouble })).toBe(step);
  });

  it('comes from any trouble to a new join when nothing helps', () => {
    let trouble: Trouble = { ...well, media: 'down' };
    const steps: RecoveryStep[] = [];
    while (steps.at(-1) !== 'rejoin' && steps.length < 10) {
      const step = nextStep(trouble);
      steps.push(step);
      if (step === 'restart-ice') trouble = { ...trouble, iceRestarts: trouble.iceRestarts + 1 };
      if (step === 'renew-transports') trouble = { ...trouble, renewals: trouble.renewals + 1 };
    }
    expect(steps).toEqual(['restart-ice', 'restart-ice', 'renew-transports', 'rejoin']);
  });
});

describe('pauseBefore', () => {
  it('tries at once, then waits longer and longer, never more than 8 s', () => {
    const pauses = Array.from({ length: 12 }, (_, attempt) => pauseBefore(attempt, () => 1));
    expect(pauses.slice(0, 4)).toEqual([0, 300, 600, 1200]);
    expect(Math.max(...pauses)).toBe(8_000);
    expect([...pauses].sort((a, b) => a - b)).toEqual(pauses);
  });

  it('spreads clients that were all cut off at once', () => {
    expect(pauseBefore(5, () => 0)).toBeLessThan(pauseBefore(5, () => 0.5));
  });
});

describe('meaningOf', () => {
  it('knows every code', () => {
    for (const code of sfuErrorCodes) expect(['ended', 'failed', 'rejoin', 'retry']).toContain(meaningOf(code));
  });

  it('never repairs a consultation that has ended, and fetches a grant for a lost seat', () => {
    expect(meaningOf('ROOM_ENDED')).toBe('ended');
    expect(meaningOf('RESUME_INVALID')).toBe('rejoin');
  });
});
