import { beforeEach, describe, expect, it } from 'vitest';
import { clock, duration, money, relative, time, waitRange } from './format.ts';
import { errorText } from './errorText.ts';
import { locale, locales, setLocale, startI18n, t } from './index.svelte.ts';

const morning = new Date('2026-11-21T09:42:00+05:30');
const zone = 'Asia/Kolkata';

beforeEach(async () => {
  localStorage.clear();
  await setLocale('en');
});

describe('language', () => {
  it('switches strings, <html lang> and is remembered', async () => {
    await setLocale('hi');
    expect(t('common.cancel')).toBe('रहने दें');
    expect(document.documentElement.lang).toBe('hi');
    await setLocale('en');
    localStorage.setItem('nadi.locale', '"hi"');
    await startI18n();
    expect(locale.current).toBe('hi');
  });

  it('falls back when what is remembered is not a language of ours', async () => {
    localStorage.setItem('nadi.locale', '{"evil":1}');
    await startI18n();
    expect(locales.map((l) => l.code)).toContain(locale.current);
    await expect(setLocale('xx')).rejects.toThrow('no such language');
  });

  it('names each language in itself', () => {
    expect(locales).toEqual([
      { code: 'en', name: 'English' },
      { code: 'hi', name: 'हिन्दी' },
    ]);
  });

  it('has a general sentence for a code it does not know', () => {
    expect(errorText('QUEUE_EMPTY')).toBe('Nobody is waiting right now.');
    expect(errorText('NEVER_HEARD')).toBe(t('errors.UNKNOWN'));
  });
});

describe('times', () => {
  it('says the time as people do', async () => {
    expect(time(morning, zone).replace(/\s/g, ' ')).toBe('9:42 am');
    expect(clock(morning, zone)).toBe('09:42');
    await setLocale('hi');
    expect(time(morning, zone).replace(/\s/g, ' ')).toBe('सुबह 9:42');
  });

  it('says how long ago', () => {
    expect(relative(morning, morning)).toBe('just now');
    expect(relative(+morning - 150_000, morning)).toMatch(/^[23] minutes ago$/);
    expect(relative(+morning - 86_400_000, morning)).toBe('yesterday');
  });

  it.each([
    [20_000, 'less than 1 min'],
    [60_000, '1 min'],
    [3_600_000, '1 hour'],
    [4_800_000, '1 h 20 min'],
  ])('%d ms lasts %s', (ms, words) => expect(duration(ms)).toBe(words));
});

describe('wait range', () => {
  it.each([
    [0, 3, 'Less than 5 min'],
    [2, 9, 'Less than 10 min'],
    [21, 28, 'About 20–30 min'],
    [30, 30, 'About 30 min'],
    [55, 88, 'About 55–90 min'],
    [95, 118, 'About 1½–2 hours'],
    [10, 100, 'Less than 2 hours'],
    [150, 150, 'About 2½ hours'],
    [-4, -1, 'Less than 5 min'],
  ])('%d to %d minutes: %s', (from, to, words) => expect(waitRange(from, to)).toBe(words));
});

it('writes paise as rupees, Indian grouping', () => {
  expect(money(12_345_650)).toBe('₹1,23,456.50');
  expect(money(50_000)).toBe('₹500');
});
