import { z } from 'zod';
import { duration } from './format.ts';
import { isKey, t } from './index.svelte.ts';

/** What a person reads for an error code (`shared/errors.ts`, plus the client's own `OFFLINE`); an unknown code gets a general sentence. */
export function errorText(code: string): string {
  const key = `errors.${code}`;
  return isKey(key) ? t(key) : t('errors.UNKNOWN');
}

const waits = z.object({ retryAfterSeconds: z.number().positive() });

/** As {@link errorText}, with what the error knows beside its code: when to try again. */
export function failureText({ code, details }: { readonly code: string; readonly details?: unknown }): string {
  const wait = code === 'RATE_LIMITED' ? waits.safeParse(details) : null;
  if (!wait?.success) return errorText(code);
  const { retryAfterSeconds: seconds } = wait.data;
  const words =
    seconds < 60 ? t('time.seconds', { count: Math.ceil(seconds) }) : duration(Math.ceil(seconds / 60) * 60_000);
  return t('errors.RATE_LIMITED_UNTIL', { wait: words });
}
