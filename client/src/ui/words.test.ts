import { describe, expect, it } from 'vitest';
import { alertPerson, composeTitle, pageTitle, titleBadge } from './attention.ts';
import { initials } from './initials.ts';
import { mmss } from './mmss.ts';
import { scores, setSound, soundSettings, type SoundName } from './sound.ts';

it.each([
  ['Dr Asha Verma', 'AV'],
  ['ravi', 'R'],
  ['Meena Kumari Sharma', 'MS'],
  ['डॉ मीना शर्मा', 'मीश'],
  ['  ', ''],
])('initials of %j: %j', (name, expected) => expect(initials(name)).toBe(expected));

it.each([
  [0, '00:00'],
  [61_000, '01:01'],
  [3_599_999, '59:59'],
  [3_600_000, '1:00:00'],
  [-5_000, '00:00'],
])('%d ms is %s', (ms, expected) => expect(mmss(ms)).toBe(expected));

describe('the window title', () => {
  it('puts what cannot wait first, then the count', () => {
    expect(composeTitle('Desk · Nadi', 0)).toBe('Desk · Nadi');
    expect(composeTitle('Desk · Nadi', 3)).toBe('(3) Desk · Nadi');
    expect(composeTitle('Desk · Nadi', 3, 'Your turn')).toBe('● Your turn · Desk · Nadi');
  });

  it('comes back when the person has reacted', () => {
    pageTitle('Desk');
    titleBadge(2);
    const stop = alertPerson('attention', 'Ravi is here');
    expect(document.title).toBe('● Ravi is here · Desk · Nadi');
    stop();
    expect(document.title).toBe('(2) Desk · Nadi');
    titleBadge(0);
    expect(document.title).toBe('Desk · Nadi');
  });
});

describe('sounds', () => {
  it('are short, and the call is the longest', () => {
    const length = (name: SoundName): number => Math.max(...scores[name].map((n) => n.at + n.length));
    expect(length('called')).toBeLessThan(3);
    expect(length('called')).toBeGreaterThan(length('attention'));
    expect(length('attention')).toBeGreaterThan(length('message'));
  });

  it('remember volume and mute, within bounds', () => {
    setSound({ volume: 7, muted: true });
    expect(soundSettings()).toEqual({ volume: 1, muted: true });
    expect(localStorage.getItem('nadi.volume')).toBe('1');
    setSound({ volume: 0.5, muted: false });
    expect(soundSettings()).toEqual({ volume: 0.5, muted: false });
  });
});
