import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { AppError } from '../../shared/errors.ts';
import { newId } from '../support/ids.ts';
import type { Config } from '../config.ts';
import { healthRoutes, type HealthDeps } from './health.ts';
import { operationRoutes, type HttpDoorDeps } from './operations.ts';

/** Express with everything HTTP: health, operations, and the built client with its fallback page. */
export function createHttpApplication(config: Config, deps: HealthDeps & HttpDoorDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  // One proxy in front at most, and only when a public address says there is one.
  app.set('trust proxy', config.publicUrl === null ? false : 1);
  app.use(securityHeaders(config));
  app.use(healthRoutes(deps));
  app.use('/api/v1', operationRoutes(deps));
  app.use('/api', (_request, _response, next) => next(new AppError('UNKNOWN_OPERATION', 'no such address')));
  client(app, resolve(config.clientDir));
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const reply = deps.door.failure(
      error instanceof URIError ? new AppError('INVALID_INPUT', 'bad address') : error,
      newId(),
      'http',
    );
    response.status(error instanceof AppError ? 404 : error instanceof URIError ? 400 : 500).json(reply);
  });
  return app;
}

/** Scripts from ourselves only; media and sockets also from the media nodes, whose addresses the grant names. */
function securityHeaders(config: Config) {
  const secure = config.publicUrl?.startsWith('https:') ?? false;
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        mediaSrc: ["'self'", 'blob:', 'mediastream:'],
        connectSrc: ["'self'", ...(secure ? ['https:', 'wss:'] : ['http:', 'https:', 'ws:', 'wss:'])],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });
}

/** Hashed assets for ever, the page itself never from a cache, and any other address gives the page: the client routes. */
function client(app: Express, dir: string): void {
  app.use(
    '/assets',
    express.static(join(dir, 'assets'), { immutable: true, maxAge: '365d', fallthrough: false, index: false }),
  );
  app.use(
    express.static(dir, { index: false, setHeaders: (response) => response.setHeader('cache-control', 'no-cache') }),
  );
  const page = join(dir, 'index.html');
  app.get('/{*path}', (_request, response, next) => {
    if (!existsSync(page)) return next(new AppError('NOT_FOUND', 'the client is not built: run npm start'));
    response.setHeader('cache-control', 'no-cache');
    response.setHeader(
      'permissions-policy',
      'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
    );
    response.sendFile(page);
  });
}
