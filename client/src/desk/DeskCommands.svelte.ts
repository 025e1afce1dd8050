import type { CallOf, OutputOf } from '../../../shared/contract/index.ts';
import type { Priority } from '../../../shared/contract/common.ts';
import type { AlertKind, PauseReason } from '../../../shared/state/queue.ts';
import { RequestError } from '../lib/RequestError.ts';
import { CommandLine } from './CommandLine.svelte.ts';
import type { DeskLink, DeskOperation, Notice, Outcome, Question } from './deskLink.ts';
import type { DeskRow } from './deskModel.ts';
import {
  permits,
  rowRefusal,
  stepped,
  type DeskAction,
  type DeskMoment,
  type Permit,
  type WhyNot,
} from './deskRules.ts';

/** What one press can mean: the commands with a button and key of their own that need no dialog. */
export type Press =
  'callNext' | 'call' | 'start' | 'recall' | 'finish' | 'skip' | 'noShow' | 'hold' | 'resume' | 'arrived';
type Plain = Exclude<Press, 'callNext' | 'call'>;
type DeskTask = DeskAction | 'pause' | 'unpause' | 'close';

const operations = {
  start: 'queue.start',
  recall: 'queue.recall',
  finish: 'queue.finish',
  skip: 'queue.skip',
  noShow: 'queue.noShow',
  hold: 'queue.hold',
  resume: 'queue.resume',
  arrived: 'queue.markArrived',
} as const satisfies Record<Plain, DeskOperation>;

/**
 * Sends a desk's commands one after another. A press while another command is under way is not lost: it waits until the list shows
 * what the one before did, and is then judged by the rules anew. The same press twice counts once.
 */
export class DeskCommands {
  #link: DeskLink;
  readonly #line = new CommandLine<DeskTask>();
  #notice = $state.raw<Notice | null>(null);
  #question = $state.raw<Question | null>(null);
  #outcome = $state.raw<Outcome | null>(null);
  #sentAt = 0;

  constructor(link: DeskLink) {
    this.#link = link;
  }

  /** The command under way, for its button. */
  get pending(): DeskTask | null {
    return this.#line.pending;
  }
  /** The entry it is about, for its row. */
  get pendingRow(): string | null {
    return this.#line.pendingRow;
  }
  get notice(): Notice | null {
    return this.#notice;
  }
  get question(): Question | null {
    return this.#question;
  }
  get outcome(): Outcome | null {
    return this.#outcome;
  }

  dismiss(): void {
    this.#notice = null;
  }
  forget(): void {
    this.#outcome = null;
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

  /** A button or key of the desk. Resolves when it is done, refused, told, or waits for its turn. */
  async press(action: Press): Promise<void> {
    const { selected } = this.#link;
    const started = this.#run(action, null, () => this.#act(action, selected));
    if (!this.#line.waiting) await started;
  }

  /** The same about one row, whatever is selected. True when it was done. */
  async row(action: Press, row: DeskRow): Promise<boolean> {
    return await this.#run(action, row.id, () => this.#act(action, row));
  }

  async prioritise(row: DeskRow, priority: Priority): Promise<boolean> {
    return await this.#of('priority', row, () => this.#send('queue.prioritise', { ...this.#ids(row), priority }));
  }

  /** Takes an entry off the list for good; ask before. */
  async cancel(row: DeskRow): Promise<boolean> {
    return await this.#of('cancel', row, () => this.#send('queue.cancel', this.#ids(row)));
  }

  /** Calls back one who was skipped, or repeats the call of one who was called. */
  async recall(row: DeskRow): Promise<boolean> {
    return await this.#of('recall', row, () => this.#send('queue.recall', this.#ids(row)));
  }

  /** Into the line at a place, 1 = next; the outcome tells the place really given. */
  async requeue(row: DeskRow, position: number): Promise<boolean> {
    return await this.#of('requeue', row, () => this.#send('queue.requeue', { ...this.#ids(row), position }));
  }

  /** One place up or down in the line. */
  async step(row: DeskRow, by: -1 | 1): Promise<void> {
    const to = stepped(this.#link.view, row, by);
    if (typeof to === 'number') await this.requeue(row, to);
    else if (to === 'priorityFirst') this.explain(to);
  }

  /** To another desk; `to` is its doctor, for the words. */
  async transfer(row: DeskRow, toSessionId: string, to: string): Promise<boolean> {
    return await this.#of('transfer', row, () => this.#send('queue.transfer', { ...this.#ids(row), toSessionId }), {
      to,
    });
  }

  async triage(row: DeskRow, record: Omit<CallOf<'queue.triage'>, 'sessionId' | 'entryId'>): Promise<boolean> {
    return await this.#of('triage', row, () => this.#send('queue.triage', { ...this.#ids(row), ...record }));
  }

  /** Ends an alert for everybody. Not a step of the queue: it waits for nothing and nothing waits for it. */
  async acknowledge(entryId: string, alert: AlertKind): Promise<void> {
    try {
      await this.#link.request('queue.acknowledge', { sessionId: this.#link.sessionId, entryId, alert });
    } catch (thrown) {
      const error = RequestError.of(thrown);
      // Somebody else was quicker: gone all the same.
      if (error.code !== 'WRONG_STATE') this.#notice = { kind: 'error', code: error.code, traceId: error.traceId };
    }
  }

  /** Takes back the last thing done about this entry. */
  async undo(row: DeskRow): Promise<boolean> {
    return await this.#run('undo', row.id, async () => {
      const refusal = rowRefusal('undo', row, this.#moment());
      const undoes = row.entry.undo?.seq;
      if (refusal !== null || undoes === undefined) {
        this.#notice = { kind: 'why', reason: refusal ?? 'nothingToUndo' };
        return;
      }
      const { seq } = await this.#send('queue.undo', { ...this.#ids(row), undoes });
      this.#did('undo', row, seq);
    });
  }

  async pause(reason: PauseReason, until: number | null): Promise<boolean> {
    const { sessionId } = this.#link;
    return await this.#run('pause', null, async () => {
      await this.#send('queue.pause', { sessionId, reason, until });
    });
  }
  async unpause(): Promise<boolean> {
    const { sessionId } = this.#link;
    return await this.#run('unpause', null, async () => {
      await this.#send('queue.unpause', { sessionId });
    });
  }
  /** Ends the desk; `toSessionId` null sends who still waits home. */
  async close(toSessionId: string | null): Promise<boolean> {
    const { sessionId } = this.#link;
    const rest = toSessionId === null ? { rest: 'cancel' as const } : { rest: 'transfer' as const, toSessionId };
    return await this.#run('close', null, async () => {
      await this.#send('queue.closeDesk', { sessionId, ...rest });
    });
  }

  /** Answers the question: the patient is called once more. */
  async recallCalled(): Promise<void> {
    const question = this.#answer();
    if (question) await this.recall(question.row);
  }

  /** Answers the question: the called patient is set aside, or the open visit finished, and the next one called. In this order, or not at all. */
  async clearAndCallNext(): Promise<void> {
    const question = this.#answer();
    if (!question) return;
    const { kind, row, then } = question;
    const first = kind === 'inConsultation' ? 'queue.finish' : 'queue.skip';
    await this.#run('callNext', null, async () => {
      await this.#send(first, this.#ids(row));
      await (then ? this.#call(then) : this.#callNext());
    });
  }

  #answer(): Question | null {
    const question = this.#question;
    this.#question = null;
    return question;
  }

  #ids(row: DeskRow): { sessionId: string; entryId: string } {
    return { sessionId: this.#link.sessionId, entryId: row.id };
  }

  #moment(): DeskMoment {
    const { view, live, seat } = this.#link;
    return { view, live, seat, now: this.#link.now() };
  }

  async #of(
    action: Exclude<DeskAction, 'callNext'>,
    row: DeskRow,
    send: () => Promise<{ seq: number; position?: number }>,
    more: { to?: string } = {},
  ): Promise<boolean> {
    return await this.#run(action, row.id, async () => {
      const { seq, position } = await send();
      this.#did(action, row, seq, { ...more, ...(position === undefined ? {} : { position }) });
    });
  }

  #did(
    action: Exclude<DeskAction, 'callNext'>,
    row: DeskRow,
    seq: number,
    more: { to?: string; position?: number } = {},
  ): void {
    this.#outcome = { action, row, seq, at: this.#link.now(), ...more };
  }

  async #run(action: DeskTask, rowId: string | null, work: () => Promise<void>): Promise<boolean> {
    return await this.#line.run(action, rowId, async () => {
      this.#notice = null;
      try {
        await work();
      } catch (thrown) {
        await this.#failed(RequestError.of(thrown));
        return 'failed';
      }
      // A refusal that was told, or a question, is not what was wanted either.
      return this.#notice === null && this.#question === null ? 'done' : 'told';
    });
  }

  async #act(action: Press, target: DeskRow | null): Promise<void> {
    const permit: Permit = permits(this.#moment(), target && this.#fresh(target))[action];
    if (permit.kind === 'no') {
      this.#notice =
        permit.reason === 'queueEmpty' ? { kind: 'empty', row: null } : { kind: 'why', reason: permit.reason };
    } else if (permit.kind === 'ask') {
      this.#question = { kind: permit.question, row: permit.target, then: action === 'call' ? target : null };
    } else if (action === 'callNext') {
      await this.#callNext();
    } else if (permit.target) {
      this.#line.about(permit.target.id);
      if (action === 'call') await this.#call(permit.target);
      else {
        const { seq } = await this.#send(operations[action], this.#ids(permit.target));
        this.#did(action, permit.target, seq);
      }
    }
  }

  /** The row as it is now; what was pressed may have been about a moment that is over. */
  #fresh(row: DeskRow): DeskRow {
    const { view } = this.#link;
    const all = [view.current, ...view.waiting, ...view.held, ...view.skipped, ...view.past];
    return all.find((one) => one?.id === row.id) ?? row;
  }

  async #callNext(): Promise<void> {
    const { view, sessionId } = this.#link;
    if (view.waiting.length === 0) {
      this.#notice = { kind: 'empty', row: null };
      return;
    }
    const { seq } = await this.#send('queue.callNext', { sessionId, seen: view.seen });
    const current = this.#link.view.current;
    if (current) this.#did('call', current, seq);
  }

  async #call(row: DeskRow): Promise<void> {
    const { seq } = await this.#send('queue.call', { ...this.#ids(row), seen: this.#link.view.seen });
    this.#did('call', row, seq);
  }

  async #send<N extends DeskOperation>(name: N, input: CallOf<N>): Promise<OutputOf<N>> {
    this.#sentAt = this.#link.seq;
    const reply = await this.#link.request(name, input);
    await this.#link.reached(reply.seq);
    return reply;
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
        const permit: Permit = permits(this.#moment(), this.#link.selected).callNext;
        if (permit.kind === 'ask') this.#question = { kind: permit.question, row: permit.target, then: null };
        else this.#notice = { kind: 'changed', row: this.#link.view.current };
        return;
      }
      case 'DESK_PAUSED':
        this.#notice = { kind: 'why', reason: 'paused' };
        return;
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
