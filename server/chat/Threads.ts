import type { ThreadView } from '../../shared/contract/chat.ts';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { chatPageOf, type ChatEvent, type ChatState } from '../../shared/state/chat.ts';
import type { Access } from '../store/Access.ts';
import type { ThreadDoc } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { findThread, participantsOf, staffThread } from '../store/threads.ts';
import { Latest } from '../support/Latest.ts';
import type { Receipts } from './Receipts.ts';

export interface ThreadsDeps {
  readonly repos: Repos;
  readonly chats: StreamsOf<ChatState, ChatEvent>;
  readonly receipts: Receipts;
  readonly now: () => number;
}

const pageSize = 30;
const previewChars = 120;
/** Who is told of a message may be known from a moment ago, ms; who may read it is asked every time. */
const rememberMs = 5_000;
const mostKnown = 5_000;

/** Which threads there are and who is in them. */
export class Threads {
  readonly #deps: ThreadsDeps;
  readonly #newest: Latest<{ readonly seq: number; readonly at: number }>;
  readonly #people = new Map<string, { readonly accounts: readonly string[]; readonly until: number }>();

  constructor(deps: ThreadsDeps) {
    this.#deps = deps;
    const write = async (_id: string, { seq, at }: { seq: number; at: number }): Promise<void> => {
      await deps.repos.threads.update({ _id, lastSeq: { $lt: seq } }, { $set: { lastSeq: seq, lastAt: at } });
    };
    this.#newest = new Latest(write, (a, b) => a.seq > b.seq);
  }

  async open(access: Access, { kind, entryId, clinicId }: InputOf<'chat.open'>): Promise<OutputOf<'chat.open'>> {
    return { threadId: (await access.threads.open(kind, entryId, clinicId))._id };
  }

  async one(access: Access, { threadId }: InputOf<'chat.thread'>): Promise<OutputOf<'chat.thread'>> {
    const { thread, side } = await access.threads.one(threadId);
    const people = await participantsOf(this.#deps.repos, thread);
    return {
      thread: await this.#view(access, thread),
      // To a patient the reception is the reception: who works there is not told.
      people: side === 'patient' ? people.filter((one) => one.side !== 'staff') : people,
    };
  }

  async list(access: Access, { before }: InputOf<'chat.threads'>): Promise<OutputOf<'chat.threads'>> {
    const found = await access.threads.mine({ before, limit: pageSize });
    const all = before === undefined ? [...(await this.#staffChannels(access, found)), ...found] : found;
    return {
      threads: await Promise.all(all.map((thread) => this.#view(access, thread))),
      more: found.length === pageSize,
    };
  }

  /** A thread exists from its first message on; called before that is written. */
  async ensure(thread: ThreadDoc): Promise<void> {
    // One that holds messages was read from where it would be written.
    if (thread.lastSeq > 0) return;
    if (!(await this.#deps.repos.threads.get(thread._id))) await this.#deps.repos.threads.insert(thread);
  }

  /** Notes a thread's newest message. Whatever order this is called in, the newest stands. */
  async touched(threadId: string, seq: number, at: number): Promise<void> {
    await this.#newest.put(threadId, { seq, at });
  }

  /** Accounts that a new message of this author is for; what tells people who are not here builds on it. */
  async recipientsOf(threadId: string, author: string): Promise<string[]> {
    const now = this.#deps.now();
    let known = this.#people.get(threadId);
    if (!known || known.until < now) {
      const thread = await findThread(this.#deps.repos, threadId);
      const people = thread ? await participantsOf(this.#deps.repos, thread) : [];
      if (this.#people.size > mostKnown) this.#people.clear();
      known = { accounts: people.map((one) => one.accountId), until: now + rememberMs };
      this.#people.set(threadId, known);
    }
    return known.accounts.filter((accountId) => accountId !== author);
  }

  /** Channels of the actor's clinics in which nobody has written lately or yet. */
  async #staffChannels(access: Access, listed: readonly ThreadDoc[]): Promise<ThreadDoc[]> {
    const missing = (await access.clinicIds())
      .map(staffThread)
      .filter((channel) => !listed.some((thread) => thread._id === channel._id));
    return await Promise.all(missing.map(async (one) => (await this.#deps.repos.threads.get(one._id)) ?? one));
  }

  async #view(access: Access, thread: ThreadDoc): Promise<ThreadView> {
    const { repos, chats, receipts } = this.#deps;
    const side = await access.threads.side(thread);
    const { patientId, doctorId, clinicId } = thread;
    const [clinic, patient, doctor, { state }, unread] = await Promise.all([
      repos.clinics.get(clinicId),
      patientId === undefined ? null : repos.patients.get(patientId),
      doctorId === undefined ? null : repos.doctors.get(doctorId),
      chats.load(thread._id),
      receipts.unreadIn(thread, access.actor.account),
    ]);
    const last = chatPageOf(state).messages.at(-1);
    return {
      id: thread._id,
      kind: thread.kind,
      side: side ?? 'staff',
      entryId: thread.entryId ?? null,
      clinicId,
      clinicName: clinic?.name ?? '',
      patientName: patient?.name ?? null,
      doctorName: doctor?.name ?? null,
      lastAt: last?.at ?? null,
      last: last
        ? {
            author: last.author,
            side: last.side ?? null,
            text: [...last.text].slice(0, previewChars).join(''),
            deleted: last.deletedAt !== undefined,
            ...(last.erased ? { erased: true as const } : {}),
            files: last.attachments?.length ?? 0,
          }
        : null,
      unread,
    };
  }
}
