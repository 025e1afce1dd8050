import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** A check of one answer: the problem, or undefined. */
export type Check = (answer: string) => string | undefined;

/** The first problem a schema sees. */
export function by(schema: z.ZodType): Check {
  return (answer) => schema.safeParse(answer).error?.issues[0]?.message;
}

/** Empty is fine too, and means "none". */
export function orNone(check: Check): Check {
  return (answer) => (answer === '' ? undefined : check(answer));
}

export const words = (least: number, most: number): Check =>
  by(
    z
      .string()
      .trim()
      .min(least, least === 1 ? 'needed' : `at least ${least} characters`)
      .max(most, `at most ${most} characters`)
      .regex(/^[^\p{Cc}]*$/u, 'no control characters'),
  );

export const pattern = (expression: RegExp, problem: string): Check => by(z.string().regex(expression, problem));

export const port: Check = (answer) =>
  /^\d{1,5}$/.test(answer) && Number(answer) >= 1 && Number(answer) <= 65_535 ? undefined : 'a number from 1 to 65535';

export const zone: Check = (answer) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: answer });
    return answer.includes('/') || answer === 'UTC' ? undefined : 'like Asia/Kolkata';
  } catch {
    return 'not a time zone; like Asia/Kolkata';
  }
};

export const domain: Check = pattern(
  /^(localhost|([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})$/,
  'a name alone, in small letters: clinic.example.org',
);

export const address: Check = (answer) =>
  z.union([z.ipv4(), z.ipv6()]).safeParse(answer).success ? undefined : 'an IP address, as browsers reach this machine';

export const file: Check = (answer) => {
  if (!path.isAbsolute(answer)) return 'a whole path, from / on';
  return existsSync(answer) ? undefined : 'there is no such file';
};

export const folder: Check = (answer) => (path.isAbsolute(answer) ? undefined : 'a whole path, from / on');

export const turnUrls: Check = pattern(
  /^turns?:[^\s,/?]+(\?transport=(udp|tcp))?(\s*,\s*turns?:[^\s,/?]+(\?transport=(udp|tcp))?){0,5}$/,
  'like turn:turn.example.org:3478?transport=udp, several with commas',
);
