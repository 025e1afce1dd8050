import { pipeline } from 'node:stream/promises';
import { Router, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { id as idSchema } from '../../shared/contract/common.ts';
import { uploadHeaders } from '../../shared/contract/files.ts';
import { requestId } from '../../shared/contract/wire.ts';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { roles } from '../../shared/permissions.ts';
import type { Authenticator } from '../accounts/Authenticator.ts';
import type { Files } from '../files/Files.ts';
import type { Door } from '../hub/operate.ts';
import type { Access } from '../store/Access.ts';
import type { FileDoc } from '../store/entities.ts';
import { derivedId, newId } from '../support/ids.ts';
import { bearerOf, send } from './operations.ts';
import { rangeOf } from './range.ts';

export interface FileRouteDeps {
  readonly files: Files;
  readonly door: Door;
  readonly authenticator: Authenticator;
}

/** An upload that stands still for this long is given up, ms. */
const stillMs = 20_000;

/** Attachments in and out. Every request is judged by itself: who asks, and whether the thread is theirs. */
export function fileRoutes(deps: FileRouteDeps): Router {
  const router = Router();
  const enter = (request: Request, rate: 'upload' | 'read'): Promise<Access> =>
    deps.door.admit(
      { address: request.ip ?? 'unknown', authenticate: () => bearerOf(request, deps.authenticator) },
      roles,
      rate,
    );
  router.post('/', async (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) > limits.fileBytes) {
      throw new AppError('TOO_LARGE', `at most ${limits.fileBytes} bytes`);
    }
    const access = await enter(request, 'upload');
    const { name, type, key } = readHeaders(request);
    request.setTimeout(stillMs, () => void request.destroy());
    const id = key === undefined ? newId() : derivedId('file', access.accountId, key);
    const data = await deps.files.receive(access.accountId, { id, name, type, body: request });
    send(response, { ok: true, data });
  });
  router.all('/', (_request, _response, next) => next(new AppError('METHOD_NOT_ALLOWED', 'use POST')));

  router.get('/:id', async (request, response) => {
    const file = await visible(await enter(request, 'read'), 'file.read', request.params['id']);
    await give(request, response, file);
  });
  router.get('/:id/thumbnail', async (request, response) => {
    const file = await visible(await enter(request, 'read'), 'file.thumbnail', request.params['id']);
    const picture = deps.files.thumbnail(file);
    headers(response, 'image/webp', 'inline', 'thumbnail.webp');
    await pipeline(picture, response);
  });
  router.all(['/:id', '/:id/thumbnail'], (_request, _response, next) =>
    next(new AppError('METHOD_NOT_ALLOWED', 'use GET')),
  );

  router.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (response.headersSent || response.socket?.destroyed !== false) return void response.destroy();
    // What is still coming is not read: the connection ends with the answer.
    if (!request.complete) response.setHeader('connection', 'close');
    send(response, deps.door.failure(error, newId(), 'files'));
  });

  async function visible(access: Access, action: string, raw: unknown): Promise<FileDoc> {
    const id = idSchema.safeParse(raw);
    if (!id.success) throw new AppError('NOT_FOUND', 'no such file');
    const subject = { resource: 'file', resourceId: id.data };
    return await access.audited(action, subject, () => deps.files.visible(access, id.data));
  }

  async function give(request: Request, response: Response, file: FileDoc): Promise<void> {
    const type = file.type === 'text/plain' ? 'text/plain; charset=utf-8' : file.type;
    headers(response, type, 'attachment', file.name);
    response.setHeader('accept-ranges', 'bytes');
    const range = rangeOf(request.headers.range, file.bytes);
    if (range === 'none') {
      response.status(416).setHeader('content-range', `bytes */${file.bytes}`).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: file.bytes };
    response.status(range ? 206 : 200).setHeader('content-length', String(end - start));
    if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${file.bytes}`);
    await pipeline(deps.files.read(file, { start, end }), response);
  }
  return router;
}

/** Nothing in it may run, be guessed as something else, or stay in a cache. */
function headers(response: Response, type: string, how: 'inline' | 'attachment', name: string): void {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  response.setHeader('content-type', type);
  response.setHeader('content-disposition', `${how}; filename="${plain}"; filename*=UTF-8''${encoded}`);
  response.setHeader('content-security-policy', "default-src 'none'; sandbox");
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('cache-control', 'private, no-store');
}

const idempotency = z.object({ 'idempotency-key': requestId.optional() });

function readHeaders(request: Request): { name: string; type: FileDoc['type']; key: string | undefined } {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const read = uploadHeaders.safeParse({ ...request.headers, 'content-type': type });
  if (!read.success) {
    const wrongType = read.error.issues.some((issue) => issue.path[0] === 'content-type');
    throw wrongType
      ? new AppError('UNSUPPORTED_MEDIA_TYPE', 'this kind of file is not taken')
      : new AppError('INVALID_INPUT', 'x-file-name is missing or too long');
  }
  const key = idempotency.safeParse(request.headers);
  if (!key.success) throw new AppError('INVALID_INPUT', 'a request id is 8 to 64 letters, digits, _ or -');
  return {
    name: decoded(read.data['x-file-name']),
    type: read.data['content-type'],
    key: key.data['idempotency-key'],
  };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new AppError('INVALID_INPUT', 'x-file-name is percent-encoded UTF-8');
  }
}
