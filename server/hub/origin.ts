import type { IncomingHttpHeaders } from 'node:http';

/**
 * True when a browser's request comes from our own pages: no `Origin` (not a browser's cross-site request), the same
 * host, or the configured public address. A demo also lets the development server on loopback through.
 */
export function originAllowed(headers: IncomingHttpHeaders, publicUrl: string | null, demo: boolean): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  if (publicUrl !== null && from.origin === new URL(publicUrl).origin) return true;
  if (host !== undefined && from.host === host) return true;
  return demo && (from.hostname === 'localhost' || from.hostname === '127.0.0.1');
}
