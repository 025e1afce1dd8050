import type { CallOf, OutputOf } from '../../../shared/contract/index.ts';
import type { DeskRow, DeskView } from './deskModel.ts';
import type { RowAction, Seat, WhyNot } from './deskRules.ts';

/** The operations a desk sends; all of them answer with the seq after which the queue shows what they did. */
export type DeskOperation =
  | 'queue.callNext'
  | 'queue.call'
  | 'queue.recall'
  | 'queue.start'
  | 'queue.finish'
  | 'queue.skip'
  | 'queue.noShow'
  | 'queue.hold'
  | 'queue.resume'
  | 'queue.requeue'
  | 'queue.cancel'
  | 'queue.prioritise'
  | 'queue.transfer'
  | 'queue.markArrived'
  | 'queue.triage'
  | 'queue.acknowledge'
  | 'queue.undo'
  | 'queue.pause'
  | 'queue.unpause'
  | 'queue.closeDesk';

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
  /** The server's time. */
  now(): number;
}

/** A sentence about the last command that did not do what was wanted, until the next one or until it is put away. */
export type Notice =
  | { readonly kind: 'moved' | 'empty' | 'changed'; readonly row: DeskRow | null }
  | { readonly kind: 'why'; readonly reason: WhyNot }
  | { readonly kind: 'error'; readonly code: string; readonly traceId: string };

/** One question more before a patient is called; `then`: whom, when it is not whoever is next. */
export interface Question {
  readonly kind: 'calledWaiting' | 'inConsultation';
  readonly row: DeskRow;
  readonly then: DeskRow | null;
}

/** What was done last from here, for a line that says so and offers to take it back. */
export interface Outcome {
  readonly action: RowAction;
  readonly row: DeskRow;
  readonly seq: number;
  readonly at: number;
  /** The place really given. */
  readonly position?: number;
  /** The doctor they were sent to. */
  readonly to?: string;
}
