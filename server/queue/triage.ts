import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { TriageRecord } from '../../shared/contract/triage.ts';
import { AppError } from '../../shared/errors.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { Access } from '../store/Access.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import type { DeskCommands } from './DeskCommands.ts';
import * as rules from './rules.ts';

export interface TriageDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly desk: DeskCommands;
  readonly now: () => number;
}

/** A nurse's look at somebody who waits: the readings beside the queue, the priority in it. */
export class Triage {
  readonly #deps: TriageDeps;

  constructor(deps: TriageDeps) {
    this.#deps = deps;
  }

  /**
   * The readings are written first, under an id that derives from the request: whoever hears of the event finds them, and a
   * repeat writes nothing twice. When the queue refuses, they are marked as not counting.
   */
  async take(access: Access, requestId: string, input: InputOf<'queue.triage'>): Promise<OutputOf<'queue.triage'>> {
    const { repos, queues, desk, now } = this.#deps;
    const { sessionId, entryId, vitals, note, priority } = input;
    await access.desk(sessionId);
    const { state } = await queues.load(sessionId);
    const entry = state.entries[entryId];
    if (!entry) throw new AppError('NOT_FOUND', 'no such entry in this queue');
    const _id = derivedId('triage', access.command(requestId, 'staff').key);
    const fresh = (await repos.triages.get(_id)) === null;
    if (fresh) {
      rules.triage(state, entryId, priority);
      await repos.triages.insert({
        _id,
        entryId,
        sessionId,
        patientId: entry.patientId,
        vitals,
        note: note ?? null,
        priority,
        accountId: access.accountId,
        at: now(),
      });
    }
    try {
      return await desk.triaged(access, requestId, { sessionId, entryId, priority });
    } catch (error) {
      const refused = error instanceof AppError && error.code !== 'UNAVAILABLE';
      if (fresh && refused) await repos.triages.update({ _id }, { $set: { refused: true } });
      throw error;
    }
  }
}

/** The newest triage of each entry of a session, as its desk may see it. */
export async function triageOf(repos: Repos, sessionId: string): Promise<Map<string, TriageRecord>> {
  const docs = await repos.triages.many({ sessionId, refused: { $exists: false } }, { sort: { at: 1 } });
  if (docs.length === 0) return new Map();
  const takers = await repos.accounts.many({ _id: { $in: [...new Set(docs.map((doc) => doc.accountId))] } });
  const names = new Map(takers.map((account) => [account._id, account.name]));
  return new Map(
    docs.map(({ entryId, vitals, note, priority, at, accountId }) => [
      entryId,
      { vitals, note, priority, at, by: names.get(accountId) ?? '' },
    ]),
  );
}
