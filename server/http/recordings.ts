import { pipeline } from 'node:stream/promises';
import { Router, type NextFunction, type Request, type Response } from 'express';
import { id as idSchema } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';
import type { Authenticator } from '../accounts/Authenticator.ts';
import type { Door } from '../hub/operate.ts';
import type { Recordings } from '../recordings/Recordings.ts';
import { newId } from '../support/ids.ts';
import { bearerOf, send } from './operations.ts';
import { rangeOf } from './range.ts';

export interface RecordingRouteDeps {
  readonly recordings: Recordings;
  readonly door: Door;
  readonly authenticator: Authenticator;
}

/** The sound of consultations, in ranges, to their doctor. Every request is judged and noted by itself. */
export function recordingRoutes(deps: RecordingRouteDeps): Router {
  const router = Router();
  router.get('/:id', async (request, response) => {
    const authenticate = () => bearerOf(request, deps.authenticator);
    const access = await deps.door.admit({ address: request.ip ?? 'unknown', authenticate }, ['doctor'], 'read');
    const id = idSchema.safeParse(request.params['id']);
    if (!id.success) throw new AppError('NOT_FOUND', 'no such recording');
    const subject = { resource: 'recording', resourceId: id.data };
    const reader = await access.audited('recording.play', subject, () => deps.recordings.open(access, id.data));
    const range = rangeOf(request.headers.range, reader.size);
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader('cache-control', 'private, no-store');
    if (range === 'none') {
      response.status(416).setHeader('content-range', `bytes */${reader.size}`).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: reader.size };
    response.status(range ? 206 : 200);
    response.setHeader('content-type', 'audio/ogg');
    response.setHeader('content-length', end - start);
    if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${reader.size}`);
    if (end > start) await pipeline(reader.range(start, end - 1), response);
    else response.end();
  });
  router.all('/:id', (_request, _response, next) => next(new AppError('METHOD_NOT_ALLOWED', 'use GET')));
  router.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    if (response.headersSent || response.socket?.destroyed !== false) return void response.destroy();
    send(response, deps.door.failure(error, newId(), 'recordings'));
  });
  return router;
}
