import { pino, type Logger } from 'pino';

export type { Logger };

/** pino's numbers of levels: error, fatal. */
const errorLevel = 50;

/**
 * Structured logs, one JSON line each. Inputs and names are never logged; ids, codes and durations are.
 * @param onError hears of every error that is logged.
 */
export function createLogger(level: string, onError?: () => void): Logger {
  return pino({
    level,
    base: { service: 'hub' },
    hooks: {
      logMethod(args, method, at) {
        if (at >= errorLevel) onError?.();
        method.apply(this, args);
      },
    },
    redact: {
      paths: ['*.password', '*.token', '*.accessToken', '*.grant', '*.secret', 'req.headers.authorization'],
      remove: true,
    },
  });
}
