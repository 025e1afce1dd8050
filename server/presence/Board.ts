import type { Revision } from '../../shared/contract/wire.ts';
import type { Found } from './Census.ts';

/** One frame per audience in this time, however many come and go, ms. */
const atMostEveryMs = 1_000;
/** Somebody's tabs open and close together, ms. */
const settleMs = 50;

export interface BoardDeps<S> {
  find(): Promise<Found<S>>;
  /** Tells what changed from one revision to the next; false when nothing did. */
  tell(before: S, after: S, revisions: readonly [Revision, Revision]): boolean;
  onError(error: unknown): void;
}

/** What one audience was told last, and what that rests on. Looks again when told to, at most once a second. */
export class Board<S> {
  readonly #deps: BoardDeps<S>;
  #found: Found<S>;
  #rev: number;
  #at = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();

  /** @param rev where revisions start: above those of an earlier board of the same audience. */
  constructor(found: Found<S>, rev: number, deps: BoardDeps<S>) {
    this.#found = found;
    this.#rev = rev;
    this.#deps = deps;
  }

  get state(): S {
    return this.#found.state;
  }
  get rev(): Revision {
    return [0, 0, this.#rev];
  }

  restsOn(what: { readonly accountId?: string; readonly sessionId?: string }): boolean {
    const { accounts, sessions } = this.#found;
    return accounts.has(what.accountId ?? '') || sessions.has(what.sessionId ?? '');
  }

  lookSoon(): void {
    if (this.#timer) return;
    const wait = Math.max(settleMs, this.#at + atMostEveryMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#at = performance.now();
      this.#work = this.#work.then(() => this.#look()).catch((error: unknown) => this.#deps.onError(error));
    }, wait);
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const found = await this.#deps.find();
    const before = this.#found.state;
    const next = this.#rev + 1;
    this.#found = found;
    if (this.#deps.tell(before, found.state, [this.rev, [0, 0, next]])) this.#rev = next;
  }
}
