/** How tries of one kind are slowed: some are free, then each costs a wait that doubles; quiet time forgives. */
export interface DelayRule {
  /** So many in a row cost nothing. */
  readonly free: number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** One try is forgotten after this long. */
  readonly forgiveMs: number;
}

/** Tries that still count, as of `at`, UTC ms. Falls by one per `forgiveMs`. */
export interface Tally {
  readonly level: number;
  readonly at: number;
}

const [seconds, minutes] = [1_000, 60_000];

/**
 * - `device`: a browser that signed in to this account before, at this account. Nobody else can use it up.
 * - `account`: everybody else at this account, wherever from. Short at most: a new device of its owner has to wait it out too.
 * - `address`: one address at all accounts; a clinic's whole waiting room may sit behind one.
 * - `pair`: one address at one account.
 * - `code…`: codes asked for by SMS or mail. Each costs money and disturbs somebody.
 */
export const delayRules = {
  device: { free: 5, firstMs: 5 * seconds, longestMs: 15 * minutes, forgiveMs: 10 * minutes },
  account: { free: 20, firstMs: 2 * seconds, longestMs: 2 * minutes, forgiveMs: 5 * minutes },
  address: { free: 60, firstMs: 1 * seconds, longestMs: 5 * minutes, forgiveMs: 30 * seconds },
  pair: { free: 5, firstMs: 5 * seconds, longestMs: 15 * minutes, forgiveMs: 10 * minutes },
  codeDevice: { free: 0, firstMs: 30 * seconds, longestMs: 30 * minutes, forgiveMs: 30 * minutes },
  codeTarget: { free: 0, firstMs: 30 * seconds, longestMs: 60 * minutes, forgiveMs: 60 * minutes },
  codeAddress: { free: 20, firstMs: 10 * seconds, longestMs: 60 * minutes, forgiveMs: 3 * minutes },
} as const satisfies Record<string, DelayRule>;
export type DelayName = keyof typeof delayRules;

/** Beyond this many above the free ones nothing grows any more, so that quiet time helps even after a flood. */
const mostAbove = 16;

/** What is left of a tally. */
export function levelAt(rule: DelayRule, tally: Tally, now: number): number {
  return Math.max(0, tally.level - Math.max(0, now - tally.at) / rule.forgiveMs);
}

/** The tally with one more try. */
export function counted(rule: DelayRule, tally: Tally, now: number): Tally {
  return { level: Math.min(rule.free + mostAbove, levelAt(rule, tally, now)) + 1, at: now };
}

/** The tally without one of its tries: it turned out well. */
export function takenBack(rule: DelayRule, tally: Tally, now: number): Tally {
  return { level: Math.max(0, levelAt(rule, tally, now) - 1), at: now };
}

/** How long until the next try is taken, ms; 0: at once. */
export function waitOf(rule: DelayRule, tally: Tally, now: number): number {
  const above = Math.ceil(tally.level - rule.free - 1e-9);
  if (above <= 0) return 0;
  const wait = Math.min(rule.longestMs, rule.firstMs * 2 ** Math.min(30, above - 1));
  return Math.max(0, tally.at + wait - now);
}

/** What one try counts on. */
export interface Counter {
  readonly rule: DelayName;
  /** Whatever names it; hashed before it is stored. */
  readonly key: string;
}

/** A try to get in. @param device the id of a browser that signed in to this account before, else null. */
export function signInCounters(who: string, address: string, device: string | null): Counter[] {
  if (device !== null) return [{ rule: 'device', key: `${device}\n${who}` }];
  return [
    { rule: 'account', key: who },
    { rule: 'address', key: address },
    { rule: 'pair', key: `${address}\n${who}` },
  ];
}

/** Asking for a code. */
export function codeCounters(target: string, address: string, device: string | null): Counter[] {
  if (device !== null) return [{ rule: 'codeDevice', key: `${device}\n${target}` }];
  return [
    { rule: 'codeTarget', key: target },
    { rule: 'codeAddress', key: address },
  ];
}
