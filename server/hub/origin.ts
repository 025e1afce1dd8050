import type { IncomingHttpHeaders } from 'node:http';

export interface OriginRules {
  /** Where the pages are; null: wherever the hub is asked. */
  readonly publicUrl: string | null;
  /** Other sites whose pages may ask. */
  readonly allowedOrigins: readonly string[];
  readonly mode: 'demo' | 'production' | 'test';
}
export type OriginGuard = (headers: IncomingHttpHeaders) => boolean;

/**
 * Tells requests of pages that may ask from those of any other site. Without an `Origin` it is not a browser's request to
 * another site, unless the browser says so itself. In production with a public address only that and the listed ones count; else the
 * host that is asked does too, and in a demo the development server on this machine.
 */
export function originGuard({ publicUrl, allowedOrigins, mode }: OriginRules): OriginGuard {
  const listed = new Set(
    [...(publicUrl === null ? [] : [publicUrl]), ...allowedOrigins].map((url) => new URL(url).origin),
  );
  const strict = mode === 'production' && publicUrl !== null;
  return (headers) => {
    const { origin, host } = headers;
    if (origin === undefined) return !['cross-site', 'same-site'].includes(headers['sec-fetch-site']?.toString() ?? '');
    if (!URL.canParse(origin)) return false;
    const from = new URL(origin);
    if (listed.has(from.origin)) return true;
    if (strict) return false;
    if (host !== undefined && from.host === host) return true;
    return mode !== 'production' && (from.hostname === 'localhost' || from.hostname === '127.0.0.1');
  };
}
