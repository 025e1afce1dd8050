import parsePhoneNumber, { isSupportedCountry } from 'libphonenumber-js/min';
import type { ChannelChoices, QuietHours } from '../../shared/contract/notify.ts';
import { noticeRules, type NoticeChannel, type NoticeKind } from '../../shared/state/notices.ts';

/** What is known of how an account can and wants to be reached. */
export interface Reach {
  readonly quiet: QuietHours | null;
  readonly choices: ChannelChoices;
  /** Channels that this installation has and this account has an address for. */
  readonly able: readonly NoticeChannel[];
}

export interface Planned {
  readonly channel: NoticeChannel;
  /** Not before this, UTC ms. */
  readonly at: number;
}

/** Channels that make a noise; mail waits in its box by itself. */
const noisy: ReadonlySet<NoticeChannel> = new Set(['push', 'sms', 'telegram']);

/** Whether a kind goes out on a channel: what the person chose, else the default. */
export function wants(choices: ChannelChoices, kind: NoticeKind, channel: NoticeChannel): boolean {
  const { always, defaults } = noticeRules[kind];
  return always?.includes(channel) === true || (choices[kind]?.[channel] ?? defaults.includes(channel));
}

/**
 * Where a notice goes and when. In quiet hours what is not urgent waits for their end on the channels that ring, and is left out there when
 * it would be of no use by then.
 */
export function plan(kind: NoticeKind, reach: Reach, now: number): Planned[] {
  const { urgent, usefulMs } = noticeRules[kind];
  const quietUntil = urgent || !reach.quiet ? now : quietEnd(reach.quiet, now);
  return reach.able.flatMap((channel) => {
    if (!wants(reach.choices, kind, channel)) return [];
    const at = noisy.has(channel) ? quietUntil : now;
    return at >= now + usefulMs ? [] : [{ channel, at }];
  });
}

/** The end of the quiet hours that `now` is in, or `now` itself outside of them. To the minute; right over changes of summer time. */
export function quietEnd({ from, to, zone }: QuietHours, now: number): number {
  const minute = minuteOfDay(now, zone);
  const inside = from === to || (from < to ? minute >= from && minute < to : minute >= from || minute < to);
  if (!inside) return now;
  const ahead = (to - minute + 1440) % 1440 || 1440;
  const guess = Math.floor(now / 60_000) * 60_000 + ahead * 60_000;
  // The clock may have been set meanwhile: go by what it will show.
  const off = minuteOfDay(guess, zone) - to;
  const shift = off > 720 ? off - 1440 : off < -720 ? off + 1440 : off;
  return guess - shift * 60_000;
}

function minuteOfDay(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
    .formatToParts(at)
    .reduce<Record<string, number>>((found, { type, value }) => ({ ...found, [type]: Number(value) }), {});
  return (parts['hour'] ?? 0) * 60 + (parts['minute'] ?? 0);
}

/** How often one message is tried. */
export const maxAttempts = 8;
const firstMs = 1_000;
const longestMs = 15 * 60_000;

/**
 * When to try again after a failure: doubling, with jitter so that what failed together does not come back together; never earlier than the
 * provider asked for.
 * @param random in [0, 1)
 */
export function retryDelay(attempts: number, afterMs: number | undefined, random: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.max(0, attempts - 1));
  return Math.max(afterMs ?? 0, Math.round(full / 2 + (full / 2) * random));
}

/**
 * E.164 of what people write; without a country's prefix it is a number of `region` (ISO 3166). Null when it is no number that SMS reach.
 * Lengths are checked, ranges are not: numbering plans change faster than this table. In India mobile numbers begin with 6 to 9.
 */
export function toE164(written: string, region = 'IN'): string | null {
  // Keyboards for Hindi may write digits of their own.
  const digits = written.replace(/[\u0966-\u096f]/g, (one) => String(one.charCodeAt(0) - 0x966));
  const parsed = isSupportedCountry(region) ? parsePhoneNumber(digits, region) : undefined;
  if (!parsed?.isPossible() || parsed.ext !== undefined) return null;
  if (parsed.countryCallingCode === '91' && !/^[6-9]/.test(parsed.nationalNumber)) return null;
  return parsed.number;
}

/** `+91 ••••• ••001`: enough to recognise one's own number. */
export function maskedPhone(number: string): string {
  return `${number.slice(0, 3)} ••••• ••${number.slice(-3)}`;
}

/** SMS are counted in parts of 160 (153 when several) characters of GSM 03.38, or 70 (67) when anything else is in them. */
export function smsParts(text: string): number {
  if (/^[\n\r !"#$%&'()*+,\-./0-9:;<=>?@A-Z_a-z£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà]*$/.test(text)) {
    return text.length <= 160 ? 1 : Math.ceil(text.length / 153);
  }
  return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
}
