import { isKey, t } from './index.svelte.ts';

/** What a person reads for an error code (`shared/errors.ts`, plus the client's own `OFFLINE`); an unknown code gets a general sentence. */
export function errorText(code: string): string {
  const key = `errors.${code}`;
  return isKey(key) ? t(key) : t('errors.UNKNOWN');
}
