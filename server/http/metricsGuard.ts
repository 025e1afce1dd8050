import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Headers by which proxies say for whom they ask: such a request comes from elsewhere, whatever its address looks like. */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const;

interface Asking {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/**
 * Whether a request may read the metrics: with the bearer token, or from this machine itself and through no proxy.
 * @param token null: there is none, only this machine may.
 */
export function mayReadMetrics(request: Asking, token: string | null): boolean {
  const { authorization } = request.headers;
  if (token !== null && authorization?.startsWith('Bearer ') === true && same(authorization.slice(7), token))
    return true;
  if (forwarding.some((name) => request.headers[name] !== undefined)) return false;
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return address === '::1' || /^127\./.test(address);
}

/** Takes the same time wherever they differ, and whatever their lengths. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
