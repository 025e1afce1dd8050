import { z } from 'zod';
import { fileRoutes } from './files.ts';
import { recordingRoutes } from './recordings.ts';

const check = z.object({ ok: z.boolean(), detail: z.string() });

/** `GET /healthz`: is the process alive, and what does it stand on. Always 200 while it answers. From elsewhere than the machine itself, without the metrics token: `status` alone. */
export const health = z.object({
  status: z.literal('ok'),
  version: z.string(),
  engine: z.string(),
  redis: z.enum(['off', 'up', 'down']),
  sfu: z.object({ nodes: z.int(), workers: z.int() }),
  uptimeSeconds: z.number(),
});

/** `GET /readyz`: 200 when it can serve, 503 with the failing check otherwise. From elsewhere: `ready` alone. */
export const readiness = z.object({
  ready: z.boolean(),
  /** The bus may be down (Redis away) while the hub is ready: it is degraded, not wrong. */
  checks: z.object({ database: check, sfu: check, bus: check }),
});
export type Readiness = z.infer<typeof readiness>;
export type Health = z.infer<typeof health>;

/** HTTP routes that are not operations. Everything else under `/api` answers UNKNOWN_OPERATION. */
export const routes = {
  healthz: {
    method: 'get',
    path: '/healthz',
    summary: 'Liveness; to who may read the metrics also what the process stands on.',
    output: health.partial().required({ status: true }),
  },
  readyz: {
    method: 'get',
    path: '/readyz',
    summary: 'Readiness; to who may read the metrics also the checks: database, media node, bus.',
    output: readiness.partial().required({ ready: true }),
  },
  metrics: {
    method: 'get',
    path: '/metrics',
    summary: 'Prometheus metrics (text). From the machine itself, or with the bearer token set for it.',
    output: z.string(),
  },
  twilioHook: {
    method: 'post',
    path: '/api/hooks/twilio',
    summary: 'Twilio reports what became of an SMS (form, X-Twilio-Signature).',
    output: z.string(),
  },
  telegramHook: {
    method: 'post',
    path: '/api/hooks/telegram',
    summary: 'Telegram hands on what was written to the bot (X-Telegram-Bot-Api-Secret-Token).',
    output: z.looseObject({}),
  },
  openapi: { method: 'get', path: '/api/openapi.json', summary: 'This document.', output: z.looseObject({}) },
  ...fileRoutes,
  ...recordingRoutes,
} as const;
