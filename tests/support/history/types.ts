import type { OperationName } from '../../../shared/contract/index.ts';

/** What happened to one command as its client saw it. `lost`: no answer, or one that says nothing about the outcome. */
export type Outcome =
  | { readonly kind: 'ok'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'lost' };

/** One sending of a command; a retry is another attempt under the same request id. */
export interface Attempt {
  /** Moments of the test's own counter: `sent` before it left, `answered` after its answer came. */
  readonly sent: number;
  readonly answered: number | null;
  readonly outcome: Outcome;
}

export interface RecordedCommand {
  readonly requestId: string;
  readonly accountId: string;
  readonly name: OperationName;
  readonly input: Readonly<Record<string, unknown>>;
  /** The stream it appends to when it succeeds: `queue:<session>` or `chat:<entry>`. */
  readonly stream: string;
  readonly attempts: readonly Attempt[];
}

/** A stored event, as far as the laws look at it. */
export interface FoundEvent {
  readonly stream: string;
  readonly epoch: number;
  readonly seq: number;
  readonly at: number;
  readonly v: number;
  readonly type: string;
  readonly data: unknown;
  readonly cmd?: string | undefined;
  readonly effects?: readonly { readonly id: string; readonly kind: string; readonly state: string }[] | undefined;
  readonly due?: number | undefined;
  /** Moment of the test's own counter after which it was durable, where the test can know. */
  readonly committed?: number | undefined;
}
export interface FoundPlace {
  readonly _id: string;
  readonly patientId: string;
  readonly sessionId: string;
  readonly active?: boolean | undefined;
  readonly joiningSince?: number | undefined;
}
export interface FoundEncounter {
  readonly _id: string;
  readonly entryId: string;
  readonly patientId: string;
  readonly status: string;
  readonly endedAt: number | null;
}
export interface FoundRoom {
  readonly _id: string;
  readonly status: string;
}
export interface FoundAudit {
  readonly accountId: string;
  readonly action: string;
  readonly phase: string;
  readonly entryId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly patientId?: string | undefined;
}

/** Everything durable after a run. */
export interface Found {
  readonly events: readonly FoundEvent[];
  readonly places: readonly FoundPlace[];
  readonly encounters: readonly FoundEncounter[];
  readonly rooms: readonly FoundRoom[];
  readonly audit: readonly FoundAudit[];
}
