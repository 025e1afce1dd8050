import type { ReceiptsState, UnreadState } from '../../shared/contract/chat.ts';
import type { ChatEvent, ChatState, ThreadSide } from '../../shared/state/chat.ts';
import type { Account, ReceiptDoc, ThreadDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { findThread, threadsOfAccount } from '../store/threads.ts';
import { readersOf, unreadIn } from './rules.ts';

export interface ReceiptsDeps {
  readonly repos: Repos;
  readonly chats: StreamsOf<ChatState, ChatEvent>;
  readonly now: () => number;
}

/** Unread messages are counted over so many threads of an account, the newest. */
const countedThreads = 200;

/** How far each account is in each thread, and what follows from it. Receipts only move forward. */
export class Receipts {
  readonly #deps: ReceiptsDeps;

  constructor(deps: ReceiptsDeps) {
    this.#deps = deps;
  }

  /** Notes that a thread reached this account, or was read, up to `seq`. True when that was new. */
  async mark(
    thread: ThreadDoc,
    accountId: string,
    side: ThreadSide,
    what: 'delivered' | 'read',
    seq: number,
  ): Promise<boolean> {
    const { repos, chats, now } = this.#deps;
    const upTo = Math.min(seq, (await chats.load(thread._id)).seq);
    if (upTo === 0) return false;
    const _id = `${thread._id}:${accountId}`;
    const known = await repos.receipts.get(_id);
    const readSeq = what === 'read' ? upTo : 0;
    if (!known) {
      const first = { _id, threadId: thread._id, accountId, side, deliveredSeq: upTo, readSeq, at: now() };
      if (await repos.receipts.insert(first)) return true;
    } else if (known.deliveredSeq >= upTo && known.readSeq >= readSeq) return false;
    return await repos.receipts.update(
      { _id, $or: [{ deliveredSeq: { $lt: upTo } }, { readSeq: { $lt: readSeq } }] },
      { $max: { deliveredSeq: upTo, readSeq }, $set: { at: now(), side } },
    );
  }

  async readers(threadId: string): Promise<ReceiptsState> {
    const { repos } = this.#deps;
    const thread = await findThread(repos, threadId);
    if (!thread) return { readers: [] };
    return readersOf(thread.kind, await repos.receipts.many({ threadId }));
  }

  /** Receipts that changed after `since`, of any hub. */
  async changedSince(since: number): Promise<ReceiptDoc[]> {
    return await this.#deps.repos.receipts.many({ at: { $gt: since } }, { limit: 2_000 });
  }

  async unreadIn(thread: ThreadDoc, account: Account): Promise<number> {
    const receipt = await this.#deps.repos.receipts.get(`${thread._id}:${account._id}`);
    return await this.#count(thread, account, receipt?.readSeq ?? 0);
  }

  /**
   * Unread messages of an account per thread. A thread's note of its newest message may be a moment late: those that are
   * known to have news for the account are given in `fresh`.
   */
  async unread(accountId: string, fresh: readonly string[]): Promise<UnreadState> {
    const { repos } = this.#deps;
    const account = await repos.accounts.get(accountId);
    if (!account) return { total: 0, threads: {} };
    const doctor = account.roles.includes('doctor') ? await repos.doctors.one({ accountId }) : null;
    const listed = await threadsOfAccount(repos, account, doctor, { limit: countedThreads });
    const more = await Promise.all(
      fresh
        .filter((threadId) => !listed.some((thread) => thread._id === threadId))
        .map((threadId) => findThread(repos, threadId)),
    );
    const all = [...listed, ...more.filter((thread) => thread !== null)];
    const receipts = await repos.receipts.many({ accountId, threadId: { $in: all.map((thread) => thread._id) } });
    const readSeq = new Map(receipts.map((receipt) => [receipt.threadId, receipt.readSeq]));
    const threads: Record<string, number> = {};
    for (const thread of all) {
      const from = readSeq.get(thread._id) ?? 0;
      if (thread.lastSeq <= from && !fresh.includes(thread._id)) continue;
      const count = await this.#count(thread, account, from);
      if (count > 0) threads[thread._id] = count;
    }
    return { total: Object.values(threads).reduce((sum, count) => sum + count, 0), threads };
  }

  async #count(thread: ThreadDoc, account: Account, readSeq: number): Promise<number> {
    const { repos, chats } = this.#deps;
    const { state } = await chats.load(thread._id);
    const doctor = thread.kind === 'waiting' && account.roles.includes('doctor');
    const desk = account.roles.some((role) => role === 'staff' || role === 'admin');
    const ofDoctor = doctor && (await repos.doctors.one({ accountId: account._id }))?._id === thread.doctorId;
    const reader = {
      accountId: account._id,
      // Only the waiting room asks whether one is of the desk.
      side: ofDoctor ? 'doctor' : desk && account.clinicIds.includes(thread.clinicId) ? 'staff' : 'patient',
      readSeq,
      since: account.createdAt,
    } as const;
    return unreadIn(thread.kind, state.messages, reader);
  }
}
