import type { FreshProof } from '../accounts/FreshProof.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { News } from '../hub/news.ts';
import type { Publisher } from '../hub/publish.ts';
import { noKeyring, type Keyring } from '../keys/keyring.ts';
import type { PatientKeys } from '../keys/PatientKeys.ts';
import type { Repos } from '../store/Repos.ts';
import type { Streams, StreamsOf } from '../store/streams/index.ts';
import type { Logger } from '../support/logger.ts';
import { ErasureFeed } from './ErasureFeed.ts';
import { Logins } from './Logins.ts';
import { erasureHandlers } from './operations.ts';
import { Erasures } from './service.ts';

/** Erasure with all its parts, as the hub needs it. */
export function buildErasure(deps: {
  readonly repos: Repos;
  readonly keys: PatientKeys;
  /** The copy of the keys beside the backups; none where there are no backups. */
  readonly keyring?: Keyring | undefined;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly streams: Streams;
  readonly publisher: Publisher;
  readonly news: News;
  readonly fresh: FreshProof;
  readonly endAll: (accountId: string) => Promise<number>;
  readonly accessChanged: (accountId: string) => Promise<void>;
  readonly log: Logger;
  readonly now: () => number;
  readonly intervalMs: number;
  readonly retentionMs: number;
}) {
  const feed = new ErasureFeed(deps);
  const logins = new Logins(deps);
  const onErased = (patientId: string): void => feed.erased(patientId);
  const erasures = new Erasures({ ...deps, keyring: deps.keyring ?? noKeyring, logins, onErased });
  return { erasures, handlers: erasureHandlers(erasures, deps.fresh), stop: () => feed.stop() };
}
