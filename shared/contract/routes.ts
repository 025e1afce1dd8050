import { z } from 'zod';

const check = z.object({ ok: z.boolean(), detail: z.string() });

/** `GET /healthz`: is the process alive, and what does it stand on. Always 200 while it answers. */
export const health = z.object({
  status: z.literal('ok'),
  version: z.string(),
  engine: z.string(),
  redis: z.enum(['off', 'up', 'down']),
  sfu: z.object({ nodes: z.int(), workers: z.int() }),
  uptimeSeconds: z.number(),
});

/** `GET /readyz`: 200 when it can serve, 503 with the failing check otherwise. */
export const readiness = z.object({
  ready: z.boolean(),
  checks: z.object({ database: check, sfu: check }),
});
export type Readiness = z.infer<typeof readiness>;
export type Health = z.infer<typeof health>;

/** HTTP routes that are not operations. Everything else under `/api` answers UNKNOWN_OPERATION. */
export const routes = {
  healthz: { method: 'get', path: '/healthz', summary: 'Liveness and what the process stands on.', output: health },
  readyz: { method: 'get', path: '/readyz', summary: 'Readiness: database and media node.', output: readiness },
  metrics: { method: 'get', path: '/metrics', summary: 'Prometheus metrics (text).', output: z.string() },
  openapi: { method: 'get', path: '/api/openapi.json', summary: 'This document.', output: z.looseObject({}) },
} as const;
