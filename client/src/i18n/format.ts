import { locale, t } from './index.svelte.ts';

/** Dates, times, money and durations as people say them, in the chosen language. All are reactive to it. */

type Moment = Date | number;

const cache = new Map<string, Intl.DateTimeFormat>();

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale.tag + JSON.stringify(options);
  const found = cache.get(key) ?? new Intl.DateTimeFormat(locale.tag, options);
  cache.set(key, found);
  return found;
}

/** `9:42 am`, `सुबह 9:42`. `zone` is the clinic's IANA zone; without it the browser's. */
export function time(at: Moment, zone?: string): string {
  // "am" and "pm" mean little to a reader of Hindi; the part of the day does.
  const spoken: Intl.DateTimeFormatOptions = locale.current === 'en' ? {} : { dayPeriod: 'short' };
  return dates({ hour: 'numeric', minute: '2-digit', hour12: true, ...spoken, timeZone: zone }).format(at);
}

/** `09:42`: the wall clock of a desk. */
export function clock(at: Moment, zone?: string): string {
  return dates({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(at);
}

/** `Sat, 21 Nov`. */
export function day(at: Moment, zone?: string): string {
  return dates({ weekday: 'short', day: 'numeric', month: 'short', timeZone: zone }).format(at);
}

/** `21 November 2026`. */
export function date(at: Moment, zone?: string): string {
  return dates({ day: 'numeric', month: 'long', year: 'numeric', timeZone: zone }).format(at);
}

/** `just now`, `2 minutes ago`, `in 3 hours`, `yesterday`. */
export function relative(at: Moment, now: Moment): string {
  const seconds = (Number(at) - Number(now)) / 1000;
  if (Math.abs(seconds) < 45) return t('time.justNow');
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ];
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ['minute', 60];
  return new Intl.RelativeTimeFormat(locale.tag, { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

/** How long something took or has lasted: `3 min`, `1 h 20 min`. Below one minute: `less than 1 min`. */
export function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return t('time.underMinute');
  if (minutes < 60) return t('time.minutes', { count: minutes });
  return minutes % 60 === 0
    ? t('time.hours', { count: minutes / 60 })
    : t('time.hoursMinutes', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/**
 * A wait as a range: `About 20–30 min`, `Less than 5 min`, `About 1½–2 hours`. Bounds in minutes; rounded outwards to 5 minutes, and to half
 * hours past 90 minutes, since nobody can promise more.
 */
export function waitRange(fromMinutes: number, toMinutes: number): string {
  const to = Math.max(5, Math.ceil(toMinutes / 5) * 5);
  const from = Math.min(to, Math.max(0, Math.floor(fromMinutes / 5) * 5));
  if (to > 90) return waitHours(from, to);
  if (to === 5) return t('time.waitUnder', { to });
  if (from === to) return t('time.waitAbout', { at: to });
  return from === 0 ? t('time.waitUnder', { to }) : t('time.waitRange', { from, to });
}

function waitHours(fromMinutes: number, toMinutes: number): string {
  const to = Math.ceil(toMinutes / 30);
  const from = Math.floor(fromMinutes / 30);
  if (from === 0) return t('time.waitUnderHours', { to: halves(to) });
  if (from === to) return t('time.waitAboutHours', { at: halves(to) });
  return t('time.waitRangeHours', { from: halves(from), to: halves(to) });
}

/** Half hours as people write them: 3 → `1½`. */
function halves(n: number): string {
  return `${n >= 2 ? Math.floor(n / 2) : ''}${n % 2 === 1 ? '½' : ''}`;
}

/** Integer paise as `₹1,23,456.50`; whole rupees without decimals. */
export function money(paise: number): string {
  const fractionDigits = paise % 100 === 0 ? 0 : 2;
  return new Intl.NumberFormat(locale.tag, {
    style: 'currency',
    currency: 'INR',
    minimumFractionDigits: fractionDigits,
    maximumFractionDigits: fractionDigits,
  }).format(paise / 100);
}
