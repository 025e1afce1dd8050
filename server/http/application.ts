import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { OriginGuard } from '../hub/origin.ts';
import { newId } from '../support/ids.ts';
import type { Config } from '../config.ts';
import { securityHeaders } from './headers.ts';
import { origins } from './origins.ts';
import { healthRoutes, type HealthDeps } from './health.ts';
import { fileRoutes, type FileRouteDeps } from './files.ts';
import { hookRoutes, type HookDeps } from './hooks.ts';
import { recordingRoutes, type RecordingRouteDeps } from './recordings.ts';
import { operationRoutes, send, type HttpDoorDeps } from './operations.ts';

interface Doors {
  readonly hooks: HookDeps;
  readonly mayAsk: OriginGuard;
}
type Deps = HealthDeps & HttpDoorDeps & FileRouteDeps & RecordingRouteDeps & Doors;

/** Express with everything HTTP: health, operations, and the built client with its fallback page. */
export function createHttpApplication(config: Config, deps: Deps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', config.trusts);
  app.use(securityHeaders(config, () => deps.nodes.publicUrls()));
  app.use(healthRoutes(deps));
  app.use('/api/v1', origins(deps.mayAsk, config.allowedOrigins));
  app.use('/api/v1/files', fileRoutes(deps));
  app.use('/api/v1/recordings', recordingRoutes(deps));
  app.use('/api/v1', operationRoutes(deps));
  app.use(hookRoutes(deps.hooks));
  app.use('/api', (_request, _response, next) => next(new AppError('UNKNOWN_OPERATION', 'no such address')));
  client(app, config);
  app.use((_request, _response, next) => next(new AppError('NOT_FOUND', 'no such address')));
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    send(response, deps.door.failure(addressProblem(error), newId(), 'http'));
  });
  return app;
}

const fileError = z.object({ status: z.int().min(400).max(499) });

/** What express and its file server throw about an address, as ours. */
function addressProblem(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const refused = fileError.safeParse(error);
  if (!refused.success) return error;
  if (refused.data.status === 400) return new AppError('INVALID_INPUT', 'the address is not well formed');
  return new AppError('NOT_FOUND', 'no such file');
}

/** Hashed assets for ever, the page itself never from a cache, and any other address gives the page: the client routes. */
function client(app: Express, config: Config): void {
  const dir = resolve(config.clientDir);
  app.use(
    '/assets',
    express.static(join(dir, 'assets'), { immutable: true, maxAge: '365d', fallthrough: false, index: false }),
  );
  app.use(
    express.static(dir, { index: false, setHeaders: (response) => response.setHeader('cache-control', 'no-cache') }),
  );
  app.get('/{*path}', async (_request, response) => {
    const page = await readFile(join(dir, 'index.html'), 'utf8').catch(() => null);
    if (page === null) throw new AppError('NOT_FOUND', 'the client is not built: run npm start');
    response.setHeader('cache-control', 'no-cache');
    // Addresses that are keys, or belong to somebody: not for search engines.
    response.setHeader('x-robots-tag', 'noindex');
    response.type('html').send(told(page, config));
  });
}

/** What the page must know before it asks: the mode (the component gallery is for demos only) and the transports. */
function told(page: string, { mode, longPolling }: Config): string {
  const meta = (name: string, content: string): string => `name="nadi-${name}" content="${content}"`;
  const transports = longPolling ? 'websocket polling' : 'websocket';
  return page
    .replace(meta('mode', 'production'), meta('mode', mode))
    .replace(meta('transports', 'websocket'), meta('transports', transports));
}
