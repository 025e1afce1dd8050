import { pino, type Logger } from 'pino';

export type { Logger };

/** Structured logs, one JSON line each. Inputs and names are never logged; ids, codes and durations are. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { service: 'hub' },
    redact: {
      paths: ['*.password', '*.token', '*.accessToken', '*.grant', '*.secret', 'req.headers.authorization'],
      remove: true,
    },
  });
}
