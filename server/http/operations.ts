import { Router, json, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { methodOf, operationOf, operations, pathOf, isOperationName } from '../../shared/contract/index.ts';
import type { Operation } from '../../shared/contract/define.ts';
import type { Reply } from '../../shared/contract/wire.ts';
import { AppError, errorStatus, isErrorCode } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import type { Authenticator } from '../accounts/Authenticator.ts';
import type { Door } from '../hub/operate.ts';
import type { Actor } from '../store/Access.ts';
import { newId } from '../support/ids.ts';
import { cookieJar } from './cookies.ts';

export interface HttpDoorDeps {
  readonly door: Door;
  readonly authenticator: Authenticator;
  readonly secureCookies: boolean;
}

const arrivalMs = 30_000;

/** The HTTP transport of the door: `POST /api/v1/queue/call-next`, `GET /api/v1/queue/sessions`. */
export function operationRoutes(deps: HttpDoorDeps): Router {
  const router = Router();
  router.use((request, _response, next) => {
    // A file may take minutes to arrive, an operation not: who sends one this slowly means no good.
    const timer = setTimeout(() => void (request.complete || request.destroy()), arrivalMs);
    request.once('close', () => clearTimeout(timer));
    next();
  });
  router.use((request, _response, next) => {
    // The parser would first read to the end what it will not take.
    if (Number(request.headers['content-length'] ?? 0) <= limits.requestBytes) next();
    else next(new AppError('TOO_LARGE', `at most ${limits.requestBytes} bytes`));
  });
  router.use(json({ limit: limits.requestBytes, strict: false }));
  for (const name of Object.keys(operations)) {
    if (!isOperationName(name)) continue;
    const operation = operationOf(name);
    if (operation.transports && !operation.transports.includes('http')) continue;
    const path = pathOf(name).slice('/api/v1'.length);
    const method = methodOf(operation);
    router[method](path, (request, response) => serve(deps, name, operation, request, response));
    router.all(path, (_request, _response, next) => {
      next(new AppError('METHOD_NOT_ALLOWED', `use ${method.toUpperCase()}`));
    });
  }
  router.use((_request, _response, next) => next(new AppError('UNKNOWN_OPERATION', 'no such operation')));
  router.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    send(response, deps.door.failure(bodyProblem(error), newId(), 'http'));
  });
  return router;
}

async function serve(
  deps: HttpDoorDeps,
  name: string,
  operation: Operation,
  request: Request,
  response: Response,
): Promise<void> {
  const get = methodOf(operation) === 'get';
  const body: unknown = request.body;
  if (!get && request.headers['content-type'] !== undefined && !request.is('application/json')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'send application/json');
  }
  const reply = await deps.door.operate({
    name,
    input: get ? fromQuery(operation, request.query) : body,
    requestId: request.get('idempotency-key'),
    transport: 'http',
    address: request.ip ?? 'unknown',
    bytes: Number(request.headers['content-length'] ?? 0),
    cookies: cookieJar(request, response, deps.secureCookies),
    authenticate: () => bearerOf(request, deps.authenticator),
  });
  send(response, reply);
}

/** Who the access token of a request belongs to. */
export async function bearerOf(request: Request, authenticator: Authenticator): Promise<Actor | null> {
  const bearer = /^Bearer ([\w.-]{1,4096})$/.exec(request.headers.authorization ?? '')?.[1];
  return bearer === undefined ? null : await authenticator.byToken(bearer);
}

/** A reply under the HTTP status of its code. */
export function send(response: Response, reply: Reply): void {
  response.setHeader('cache-control', 'no-store');
  if (reply.ok) {
    response.status(200).json(reply);
    return;
  }
  const { code, details } = reply.error;
  const retry = z.object({ retryAfterSeconds: z.number() }).safeParse(details);
  if (retry.success) response.setHeader('retry-after', String(retry.data.retryAfterSeconds));
  response.status(isErrorCode(code) ? errorStatus[code] : 500).json(reply);
}

/** Query parameters are text; numbers and booleans become themselves where the schema wants them. */
function fromQuery(operation: Operation, query: Request['query']): Record<string, unknown> {
  const shape = operation.input instanceof z.ZodObject ? operation.input.shape : {};
  const input: [string, unknown][] = [];
  for (const [key, value] of Object.entries(query)) {
    const wanted = Object.hasOwn(shape, key) ? inner(shape[key]) : undefined;
    if (typeof value === 'string' && wanted instanceof z.ZodNumber && /^-?\d{1,15}(\.\d{1,10})?$/.test(value)) {
      input.push([key, Number(value)]);
    } else if (wanted instanceof z.ZodBoolean && (value === 'true' || value === 'false')) {
      input.push([key, value === 'true']);
    } else {
      input.push([key, value]);
    }
  }
  // Entries become own keys, `__proto__` too: a key that is not in the contract is refused, not applied.
  return Object.fromEntries(input);
}

function inner(schema: unknown): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? inner(schema.unwrap()) : schema;
}

const parserError = z.object({ type: z.string().optional(), status: z.int().min(400).max(499) });

/** What the body parser throws, as ours. */
function bodyProblem(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const parsed = parserError.safeParse(error);
  if (parsed.success) {
    if (parsed.data.type === 'entity.too.large')
      return new AppError('TOO_LARGE', `at most ${limits.requestBytes} bytes`);
    if (parsed.data.status === 415) return new AppError('UNSUPPORTED_MEDIA_TYPE', 'send plain UTF-8 JSON');
    return new AppError('INVALID_INPUT', 'the body is not JSON');
  }
  return error;
}
