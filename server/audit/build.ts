import type { Db } from 'mongodb';
import type { Config } from '../config.ts';
import type { Repos } from '../store/Repos.ts';
import { AuditLog } from '../store/Audit.ts';
import type { Logger } from '../support/logger.ts';
import { version } from '../support/version.ts';
import { readAuditKey } from './chain.ts';
import { AuditCheck } from './Check.ts';
import { auditHandlers } from './operations.ts';
import { AuditRetention } from './Retention.ts';
import { RootCopies } from './RootCopies.ts';
import { AuditSearch } from './Search.ts';

/** Puts the audit log together: this process's chain, the roots it signs, and their copies outside of the database. */
export function buildAudit(
  config: Config,
  { db, repos, hub, log, now }: { db: Db; repos: Repos; hub: string; log: Logger; now: () => number },
) {
  const { rootsDir, everyMs, privateKey, days } = config.audit;
  const signer = readAuditKey(privateKey);
  const copies = rootsDir === null ? null : new RootCopies(rootsDir, log);
  const audit = new AuditLog({
    ...{ db, now, signer, process: { hub, version } },
    onRoot: (record) => copies?.add(record),
  });
  const check = new AuditCheck({ db, signer, log, now });
  const retention = new AuditRetention({ db, audit, now, keepMs: days * 24 * 3600_000 });
  let timer: NodeJS.Timeout | undefined;

  return {
    audit,
    handlers: auditHandlers(new AuditSearch({ db, repos }), check),
    /** Regular work: removes what is too old, then verifies what is left. */
    tend: async (): Promise<void> => {
      await retention.purge();
      await check.run();
    },
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
