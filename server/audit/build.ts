import type { Db } from 'mongodb';
import type { Config } from '../config.ts';
import { AuditLog } from '../store/Audit.ts';
import type { Logger } from '../support/logger.ts';
import { version } from '../support/version.ts';
import { readAuditKey } from './chain.ts';
import { RootCopies } from './RootCopies.ts';

/** Puts the audit log together: this process's chain, the roots it signs, and their copies outside of the database. */
export function buildAudit(
  config: Config,
  { db, hub, log, now }: { db: Db; hub: string; log: Logger; now: () => number },
) {
  const { rootsDir, everyMs, privateKey } = config.audit;
  const copies = rootsDir === null ? null : new RootCopies(rootsDir, log);
  const audit = new AuditLog({
    ...{ db, now, signer: readAuditKey(privateKey), process: { hub, version } },
    onRoot: (record) => copies?.add(record),
  });
  let timer: NodeJS.Timeout | undefined;

  return {
    audit,
    /** Opens the chain. @throws when the database does not answer. */
    start: async (): Promise<void> => {
      await audit.begin();
      timer = setInterval(() => {
        audit.root().catch((error: unknown) => log.warn({ err: error }, 'audit root not written; the next one will'));
      }, everyMs);
      timer.unref();
    },
    /** Closes the chain, after everything that writes to it. */
    stop: async (): Promise<void> => {
      clearInterval(timer);
      await audit.close().catch((error: unknown) => log.error({ err: error }, 'audit chain not closed'));
      await copies?.settle();
    },
  };
}
