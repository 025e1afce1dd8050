import type { RequestHandler } from 'express';
import { AppError } from '../../shared/errors.ts';
import type { OriginGuard } from '../hub/origin.ts';

const methods = 'GET, POST';
const headers = 'authorization, content-type, idempotency-key, range, x-file-name';
const shown = 'retry-after, content-range, content-disposition';

/**
 * Which sites' pages may use the API: those the guard lets through; and browsers are told so for the listed ones. Never with
 * cookies: another site's page signs in by itself and holds a token.
 */
export function origins(mayAsk: OriginGuard, allowed: readonly string[]): RequestHandler {
  const listed = new Set(allowed.map((url) => new URL(url).origin));
  return (request, response, next) => {
    const { origin } = request.headers;
    if (listed.size > 0) response.vary('origin');
    if (!mayAsk(request.headers)) {
      // What is still coming is not read: the connection ends with the answer.
      if (!request.complete) response.setHeader('connection', 'close');
      next(new AppError('BAD_ORIGIN', 'requests from this site are not accepted'));
      return;
    }
    if (origin === undefined || !listed.has(origin)) {
      next();
      return;
    }
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', shown);
    if (request.method !== 'OPTIONS') {
      next();
      return;
    }
    response.setHeader('access-control-allow-methods', methods);
    response.setHeader('access-control-allow-headers', headers);
    response.setHeader('access-control-max-age', '600');
    response.status(204).end();
  };
}
