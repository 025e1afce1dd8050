import type { CallOf, OutputOf } from '../../../shared/contract/index.ts';
import type { Priority } from '../../../shared/contract/common.ts';
import { RequestError } from '../lib/RequestError.ts';
import type { DeskRow, DeskView } from './deskModel.ts';
import { permits, type DeskAction, type Permit, type Seat, type WhyNot } from './deskRules.ts';

/** The operations a desk sends; all of them answer with the seq after which the queue shows what they did. */
export type DeskOperation =
  | 'queue.callNext'
  | 'queue.recall'
  | 'queue.start'
  | 'queue.finish'
  | 'queue.skip'
  | 'queue.cancel'
  | 'queue.prioritise';

/** What the commands need of one desk session. */
export interface DeskLink {
  readonly sessionId: string;
  readonly seat: Seat;
  readonly view: DeskView;
  readonly selected: DeskRow | null;
  readonly live: boolean;
  request<N extends DeskOperation>(name: N, input: CallOf<N>): Promise<OutputOf<N>>;
  /** How far the queue shown has come. */
  readonly seq: number;
  /** Resolves when the queue shown is at `seq` or further, or after a moment when it does not get there. */
  reached(seq: number): Promise<void>;
}

/** A sentence about the last command, until the next one or until it is put away. */
export type Notice =
  | { readonly kind: 'moved' | 'empty' | 'changed'; readonly row: DeskRow | null }
  | { readonly kind: 'why'; readonly reason: WhyNot }
  | { readonly kind: 'error'; readonly code: string; readonly traceId: string };

/** One question more before the next patient is called. */
export interface Question {
  readonly kind: 'calledWaiting' | 'inConsultation';
  readonly row: DeskRow;
}

/** What one press can mean. */
export type Press = Exclude<DeskAction, 'priority' | 'cancel'>;

const operations = {
  start: 'queue.start',
  recall: 'queue.recall',
  finish: 'queue.finish',
  skip: 'queue.skip',
} as const satisfies Record<Exclude<Press, 'callNext'>, DeskOperation>;

/** At most this many presses wait for their turn: enough for quick hands, too few for a cat on the keyboard. */
const waitingAtMost = 4;

/**
 * Sends a desk's commands one after another. A press while another command is under way is not lost: it waits until the list shows
 * what the one before did, and is then judged by the rules anew. The same press twice counts once.
 */
export class DeskCommands {
  #link: DeskLink;
  #pending = $state<DeskAction | null>(null);
  #notice = $state.raw<Notice | null>(null);
  #question = $state.raw<Question | null>(null);
  #queue: Press[] = [];
  #sentAt = 0;
  #busy = false;

  constructor(link: DeskLink) {
    this.#link = link;
  }

  /** The command under way, for its button. */
  get pending(): DeskAction | null {
    return this.#pending;
  }
  get notice(): Notice | null {
    return this.#notice;
  }
  get question(): Question | null {
    return this.#question;
  }

  dismiss(): void {
    this.#notice = null;
  }
  /** The list has changed or the connection is back: what was told about the moment before goes away, and a question nobody asks any more. */
  settle(): void {
    const { view, live } = this.#link;
    const notice = this.#notice;
    if (notice?.kind === 'empty' || (notice?.kind === 'why' && (notice.reason !== 'offline' || live)))
      this.#notice = null;
    const question = this.#question;
    if (!question) return;
    const expected = question.kind === 'calledWaiting' ? 'called' : 'in-consultation';
    if (view.current?.id !== question.row.id || view.current.entry.state !== expected) this.#question = null;
  }
  /** Says why something cannot be done now. */
  explain(reason: WhyNot): void {
    this.#notice = { kind: 'why', reason };
  }
  /** "Wait": nothing is sent. */
  wait(): void {
    this.#question = null;
  }

  /** A button or key. Resolves when it is done, refused or told. */
  async press(action: Press): Promise<void> {
    if (this.#busy) {
      const last = this.#queue.at(-1) ?? this.#pending;
      if (last !== action && this.#queue.length < waitingAtMost) this.#queue.push(action);
      return;
    }
    await this.#alone(action, () => this.#act(action));
  }

  /** Sets the priority of one entry. */
  async prioritise(row: DeskRow, priority: Priority): Promise<void> {
    await this.#alone('priority', () =>
      this.#send('queue.prioritise', { sessionId: this.#link.sessionId, entryId: row.id, priority }),
    );
  }

  /** Takes an entry off the list for good; ask before. */
  async cancel(row: DeskRow): Promise<void> {
    await this.#alone('cancel', () => this.#send('queue.cancel', this.#of(row)));
  }

  /** Calls back one who was skipped, or repeats the call of one who was called. */
  async recall(row: DeskRow): Promise<void> {
    await this.#alone('recall', () => this.#send('queue.recall', this.#of(row)));
  }

  /** Answers the question: the patient is called once more. */
  async recallCalled(): Promise<void> {
    const row = this.#answer();
    if (row) await this.recall(row);
  }

  /** Answers the question: the called patient is set aside, or the open visit finished, and the next one called. In this order, or not at all. */
  async clearAndCallNext(): Promise<void> {
    const kind = this.#question?.kind;
    const row = this.#answer();
    if (!row || !kind) return;
    const first = kind === 'inConsultation' ? 'queue.finish' : 'queue.skip';
    await this.#alone('callNext', async () => {
      await this.#send(first, this.#of(row));
      await this.#callNext();
    });
  }

  #answer(): DeskRow | null {
    const row = this.#question?.row ?? null;
    this.#question = null;
    return row;
  }

  #of(row: DeskRow): { sessionId: string; entryId: string } {
    return { sessionId: this.#link.sessionId, entryId: row.id };
  }

  async #alone(action: DeskAction, work: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#pending = action;
    this.#notice = null;
    try {
      await work();
    } catch (thrown) {
      this.#queue = [];
      await this.#failed(RequestError.of(thrown));
    } finally {
      this.#busy = false;
      this.#pending = null;
    }
    const next = this.#queue.shift();
    if (next !== undefined) await this.#alone(next, () => this.#act(next));
  }

  async #act(action: Press): Promise<void> {
    const permit: Permit = this.#permit(action);
    if (permit.kind === 'no') {
      this.#notice =
        permit.reason === 'queueEmpty' ? { kind: 'empty', row: null } : { kind: 'why', reason: permit.reason };
    } else if (permit.kind === 'ask') {
      this.#question = { kind: permit.question, row: permit.target };
    } else if (action === 'callNext') {
      await this.#callNext();
    } else if (permit.target) {
      await this.#send(operations[action], this.#of(permit.target));
    }
  }

  #permit(action: Press): Permit {
    const { view, selected, live, seat } = this.#link;
    return permits(view, selected, live, seat)[action];
  }

  async #callNext(): Promise<void> {
    const { view, sessionId } = this.#link;
    if (view.waiting.length === 0) this.#notice = { kind: 'empty', row: null };
    else await this.#send('queue.callNext', { sessionId, seen: view.seen });
  }

  async #send<N extends DeskOperation>(name: N, input: CallOf<N>): Promise<void> {
    this.#sentAt = this.#link.seq;
    const { seq } = await this.#link.request(name, input);
    await this.#link.reached(seq);
  }

  async #failed(error: RequestError): Promise<void> {
    switch (error.code) {
      case 'QUEUE_EMPTY':
        this.#notice = { kind: 'empty', row: null };
        return;
      case 'QUEUE_MOVED':
        await this.#link.reached(this.#sentAt + 1);
        this.#notice = { kind: 'moved', row: this.#link.view.current };
        return;
      case 'CALLED_WAITING':
      case 'IN_CONSULTATION': {
        await this.#link.reached(this.#sentAt + 1);
        const permit = this.#permit('callNext');
        if (permit.kind === 'ask') this.#question = { kind: permit.question, row: permit.target };
        else this.#notice = { kind: 'changed', row: this.#link.view.current };
        return;
      }
      case 'WRONG_STATE':
      case 'CONFLICT':
        await this.#link.reached(this.#sentAt + 1);
        this.#notice = { kind: 'changed', row: this.#link.view.current };
        return;
      default:
        this.#notice = { kind: 'error', code: error.code, traceId: error.traceId };
    }
  }
}
