import type { Position } from '../../../shared/contract/wire.ts';

/**
 * Where one client stands in one stream, and what a frame does to that. Pure: no Svelte, no socket, no time. The law, tested with
 * generated losses, repeats and reorderings: after any frames and one answered resync, `state` equals the server's fold.
 */
export interface Core<S, E> {
  /** What has been applied so far; null before the first snapshot. */
  readonly at: { readonly epoch: number; readonly seq: number; readonly state: S } | null;
  /** True while a `subscribe` is unanswered; batches that overtake the answer are held. */
  readonly syncing: boolean;
  readonly held: readonly Batch<E>[];
  /** Batches were dropped while syncing (too many): the answer alone cannot be trusted to be the end. */
  readonly overflow: boolean;
}

/** Events `from`…`to` of a stream, in order, none missing. */
export interface Batch<E> {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly events: readonly E[];
}

export type Answer<S, E> =
  | { readonly kind: 'snapshot'; readonly epoch: number; readonly seq: number; readonly state: S }
  | ({ readonly kind: 'events' } & Batch<E>);

export type Verdict = 'applied' | 'ignored' | 'held' | 'resync';
type Reduce<S, E> = (state: S, event: E) => S;
interface Step<S, E> {
  readonly core: Core<S, E>;
  readonly verdict: Verdict;
  /** The events that were new, in order; empty after a snapshot. */
  readonly fresh: readonly E[];
}

const holdAtMost = 500;

export function emptyCore<S, E>(): Core<S, E> {
  return { at: null, syncing: false, held: [], overflow: false };
}

/** Call when a `subscribe` goes out; the position to send along, undefined for "a snapshot, please". */
export function beginSync<S, E>(core: Core<S, E>): { core: Core<S, E>; since: Position | undefined } {
  const since = core.at ? { epoch: core.at.epoch, seq: core.at.seq } : undefined;
  return { core: { at: core.at, syncing: true, held: [], overflow: false }, since };
}

/** The answer got lost (timeout, disconnect): what was applied stays, what was held is asked for again. */
export function abandonSync<S, E>(core: Core<S, E>): Core<S, E> {
  return { at: core.at, syncing: false, held: [], overflow: false };
}

/** A batch from the hub. `resync` means: send a `subscribe` with the position of {@link beginSync}. */
export function receive<S, E>(core: Core<S, E>, batch: Batch<E>, reduce: Reduce<S, E>): Step<S, E> {
  if (core.syncing) {
    if (core.held.length >= holdAtMost)
      return { core: { ...core, held: [], overflow: true }, verdict: 'held', fresh: [] };
    return { core: { ...core, held: [...core.held, batch] }, verdict: 'held', fresh: [] };
  }
  return apply(core, batch, reduce);
}

/** The answer to a `subscribe`, then everything held meanwhile. */
export function answered<S, E>(core: Core<S, E>, answer: Answer<S, E>, reduce: Reduce<S, E>): Step<S, E> {
  const { held, overflow } = core;
  let step: Step<S, E>;
  const idle = abandonSync(core);
  if (answer.kind === 'snapshot') {
    // Whatever we had, the hub's word counts: it is behind us only when its history was replaced.
    const { epoch, seq, state } = answer;
    step = { core: { ...idle, at: { epoch, seq, state } }, verdict: 'applied', fresh: [] };
  } else {
    step = apply(idle, answer, reduce);
    // Events that do not continue what we have: start over from a snapshot instead of asking the same again.
    if (step.verdict === 'resync') return { core: emptyCore(), verdict: 'resync', fresh: [] };
  }
  const fresh = [...step.fresh];
  let { core: next } = step;
  let missing = overflow;
  for (const batch of [...held].sort((a, b) => a.epoch - b.epoch || a.from - b.from)) {
    // Held before the hub moved to this epoch: history now, not a reason to ask again.
    if (next.at && batch.epoch < next.at.epoch) continue;
    const one = apply(next, batch, reduce);
    if (one.verdict === 'resync') missing = true;
    next = one.core;
    fresh.push(...one.fresh);
  }
  return { core: next, verdict: missing ? 'resync' : 'applied', fresh };
}

function apply<S, E>(core: Core<S, E>, batch: Batch<E>, reduce: Reduce<S, E>): Step<S, E> {
  const { at } = core;
  if (!at || batch.epoch !== at.epoch) return { core, verdict: 'resync', fresh: [] };
  if (batch.events.length !== batch.to - batch.from + 1) return { core, verdict: 'resync', fresh: [] };
  if (batch.to <= at.seq) return { core, verdict: 'ignored', fresh: [] };
  if (batch.from > at.seq + 1) return { core, verdict: 'resync', fresh: [] };
  const fresh = batch.events.slice(at.seq + 1 - batch.from);
  const state = fresh.reduce(reduce, at.state);
  return { core: { ...core, at: { epoch: at.epoch, seq: batch.to, state } }, verdict: 'applied', fresh };
}
