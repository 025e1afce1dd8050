import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Idle } from './idle.svelte.ts';

const minute = 60_000;
const limit = 15 * minute;
let flags: Map<string, string>;

/** One tab of a browser; `others` hear what happens in it. */
function open(others: Idle[] = []) {
  const page = document.implementation.createHTMLDocument();
  const calls = { over: 0, active: 0 };
  const idle = new Idle({
    page,
    flags: { getItem: (key) => flags.get(key) ?? null, setItem: (key, value) => void flags.set(key, value) },
    now: () => Date.now(),
    tell: (at) => others.forEach((one) => one.heard(at)),
  });
  idle.onover = () => (calls.over += 1);
  idle.onactive = () => (calls.active += 1);
  return { idle, calls, touch: () => page.dispatchEvent(new Event('pointerdown')) };
}

beforeEach(() => {
  flags = new Map();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('[A3] nobody at the device', () => {
  it('asks a minute before, and is over at the limit; without a limit nothing happens', () => {
    const { idle, calls } = open();
    vi.advanceTimersByTime(60 * minute);
    expect(idle.state.kind).toBe('there');
    idle.limit(limit);
    vi.advanceTimersByTime(14 * minute - 100);
    expect(idle.state.kind).toBe('there');
    vi.advanceTimersByTime(200);
    expect(idle.state.kind).toBe('asking');
    vi.advanceTimersByTime(minute);
    expect([idle.state.kind, calls.over]).toEqual(['over', 1]);
  });

  it('a touch while it asks puts the end off; in another tab too', () => {
    const one = open();
    const two = open([one.idle]);
    one.idle.limit(limit);
    two.idle.limit(limit);
    vi.advanceTimersByTime(14.5 * minute);
    expect([one.idle.state.kind, two.idle.state.kind]).toEqual(['asking', 'asking']);
    two.touch();
    expect([one.idle.state.kind, two.idle.state.kind]).toEqual(['there', 'there']);
    vi.advanceTimersByTime(14.5 * minute);
    expect([one.calls.over, one.idle.state.kind]).toEqual([0, 'asking']);
  });

  it('a call holds it, and the hub hears of that; after it the time begins anew', () => {
    const { idle, calls } = open();
    idle.limit(limit);
    const release = idle.hold();
    vi.advanceTimersByTime(60 * minute);
    expect([idle.state.kind, idle.quietMs()]).toEqual(['there', 0]);
    expect(calls.active).toBeGreaterThanOrEqual(15);
    release();
    release();
    vi.advanceTimersByTime(13 * minute);
    expect(idle.state.kind).toBe('there');
    vi.advanceTimersByTime(2 * minute);
    expect(calls.over).toBe(1);
  });

  it('the first key after a night’s sleep does not wake what was over', () => {
    const { idle, calls, touch } = open();
    idle.limit(limit);
    vi.setSystemTime(Date.now() + 8 * 60 * minute);
    touch();
    expect([idle.state.kind, calls.over]).toEqual(['over', 1]);
  });

  it('goes on over a reload where it was', () => {
    const before = open();
    before.idle.limit(limit);
    before.touch();
    before.idle.note();
    vi.advanceTimersByTime(14.5 * minute);
    const { idle } = open();
    idle.limit(limit);
    expect([idle.state.kind, idle.beforeLoadMs()]).toEqual(['asking', 14.5 * minute]);
  });
});
