import { linked, noHash, recordId, root } from './chain.ts';
import { rootFault, sameHash, type TrustedKeys, type Witness } from './Witness.ts';

export type ProblemKind =
  'changed' | 'removed' | 'reordered' | 'inserted' | 'forged root' | 'tail removed' | 'chain removed' | 'unreadable';
export interface Problem {
  readonly kind: ProblemKind;
  /** The chain; empty for a record that stands in none. */
  readonly chain: string;
  /** The exact place: a record's number, or from–to. */
  readonly at: string;
  readonly what: string;
}
/** Where a file's part of a chain begins: at this number, after a record with this hash. */
export interface Start {
  readonly n: number;
  readonly prev: string;
}

type Raw = Readonly<Record<string, unknown>>;
export interface ChainWalkOptions {
  readonly chain: string;
  readonly witness: Witness;
  readonly trusted: TrustedKeys;
  /** Null: the chain must be there from its beginning, or from its cut. */
  readonly start: Start | null;
  readonly report: (problem: Problem) => void;
}

/** More open gaps than this are not told from records put elsewhere. */
const mostGaps = 1_000;

/** Follows one chain record by record, in the order they stand, and says where it is not what its process wrote. */
export class ChainWalk {
  readonly #options: ChainWalkOptions;
  #next: number;
  #prev: string;
  /** Below this, records were removed by retention, and what is left of them means nothing. */
  readonly #cut: number;
  readonly #gaps = new Map<number, number>();
  #began = false;
  #ended = false;
  #lastAt = 0;

  constructor(options: ChainWalkOptions) {
    this.#options = options;
    const cut = options.start ? undefined : options.witness.cut(options.chain);
    this.#cut = cut?.n ?? 0;
    this.#next = options.start?.n ?? cut?.n ?? 0;
    this.#prev = options.start?.prev ?? cut?.hash ?? noHash;
  }

  /** The number after the last record, and that one's hash, for who must know that it is complete. */
  get position(): { readonly n: number; readonly hash: string; readonly at: number; readonly ended: boolean } {
    return { n: this.#next - 1, hash: this.#prev, at: this.#lastAt, ended: this.#ended };
  }

  /** @param id under which it stands in the database; in a file there is none. */
  see(raw: Raw, id: string | undefined): void {
    const parsed = linked.safeParse(raw);
    if (!parsed.success) return this.#report('unreadable', id ?? '?', 'not a record of this log');
    const { n, prev, hash, at } = parsed.data;
    if (n < this.#cut) return;
    if (id !== undefined && id !== recordId(this.#options.chain, n)) {
      return this.#report('reordered', id, `says that it is number ${n}: it was put in the place of another`);
    }
    const genuine = sameHash(raw, hash);
    if (!genuine) this.#report('changed', String(n), 'its content does not give its hash');
    if (n < this.#next) return this.#outOfTurn(n);
    if (n > this.#next) this.#gap(n);
    else if (prev !== this.#prev) {
      const what = 'it does not follow the record before it: one of the two is not the one that was written';
      this.#report('changed', n === 0 ? '0' : `${n - 1}–${n}`, what);
    }
    this.#signed(raw, n, genuine);
    const witnessed = this.#options.witness.farthest(this.#options.chain);
    if (witnessed?.n === n && witnessed.hash !== hash) {
      this.#report('changed', String(n), `chain ${witnessed.by} signed that another record stood here`);
    }
    this.#next = n + 1;
    this.#prev = hash;
    this.#lastAt = at;
  }

  /** After the last record. */
  end(): void {
    for (const [from, to] of this.#gaps) {
      this.#report('removed', span(from, to), `${to - from + 1} missing in the middle`);
    }
    if (this.#options.start) return;
    const witnessed = this.#options.witness.farthest(this.#options.chain);
    if (!witnessed || witnessed.n < this.#next) return;
    const what = `missing at the end: chain ${witnessed.by} signed that it reached ${witnessed.n}`;
    this.#report('tail removed', span(this.#next, witnessed.n), what);
  }

  #signed(raw: Raw, n: number, genuine: boolean): void {
    const first = !this.#began;
    this.#began = true;
    const isRoot = raw['root'] === true || 'signature' in raw;
    if (!isRoot) {
      if (first && n === 0) this.#report('forged root', '0', 'the chain does not begin with a signed record');
      return;
    }
    const parsed = root.safeParse(raw);
    const fault = parsed.success ? rootFault(parsed.data, this.#options.trusted) : 'it is not complete';
    if (fault !== null && genuine) this.#report('forged root', String(n), fault);
    if (parsed.success && parsed.data.phase === 'end') this.#ended = true;
  }

  #gap(n: number): void {
    if (this.#gaps.size < mostGaps) this.#gaps.set(this.#next, n - 1);
    else this.#report('removed', span(this.#next, n - 1), 'missing in the middle');
  }

  /** A number that should have come before: from a gap it was put elsewhere, otherwise it is there twice. */
  #outOfTurn(n: number): void {
    for (const [from, to] of this.#gaps) {
      if (n < from || n > to) continue;
      this.#gaps.delete(from);
      if (from < n) this.#gaps.set(from, n - 1);
      if (n < to) this.#gaps.set(n + 1, to);
      return this.#report('reordered', String(n), `stands after number ${this.#next - 1}`);
    }
    this.#report('inserted', String(n), 'there is more than one record of this number');
  }

  #report(kind: ProblemKind, at: string, what: string): void {
    this.#options.report({ kind, chain: this.#options.chain, at, what });
  }
}

export function span(from: number, to: number): string {
  return from === to ? String(from) : `${from}–${to}`;
}
