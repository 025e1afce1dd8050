import { ChainWalk, span, type Problem, type Start } from './ChainWalk.ts';
import { OpenIntents } from './OpenIntents.ts';
import { Witness, type TrustedKeys } from './Witness.ts';

type Raw = Readonly<Record<string, unknown>>;

/** Where a file's part of a chain begins and ends, as its maker signed. */
export interface Part extends Start {
  readonly last: number;
  readonly hash: string;
}

/** What is verified: read twice, first its signed records, then all in the order of chain and number. */
export interface AuditSource {
  roots(): AsyncIterable<Raw>;
  /** `id`: under which it stands, where that says something by itself. */
  records(): AsyncIterable<{ readonly raw: Raw; readonly id: string | undefined }>;
  /** Of a file that holds a part of the log: by chain. */
  readonly parts?: ReadonlyMap<string, Part>;
}

export interface VerifyOptions {
  readonly trusted: TrustedKeys;
  /** Copies of signed records from outside of the database. */
  readonly copies?: AsyncIterable<Raw>;
  readonly onProgress?: (records: number) => void;
}

export interface Verified {
  readonly ok: boolean;
  readonly records: number;
  readonly roots: number;
  readonly chains: number;
  /** The first hundred; `problemCount` is of all. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** Chains that have no end: their process runs, or it was killed. */
  readonly open: readonly { readonly chain: string; readonly n: number; readonly at: number }[];
  /** Intents without outcome. */
  readonly unfinished: { readonly count: number; readonly first: readonly { chain: string; n: number }[] };
  /** Of the version before chains: nothing proves them. */
  readonly earlier: number;
  /** Public keys that signed. */
  readonly keys: readonly string[];
}

const mostListed = 100;

/** Verifies a whole log, or the part a file holds, in memory that does not grow with the number of its records. */
export async function verifyAudit(source: AuditSource, options: VerifyOptions): Promise<Verified> {
  return await new Verification(source, options).run();
}

class Verification {
  readonly #source: AuditSource;
  readonly #options: VerifyOptions;
  readonly #witness: Witness;
  readonly #intents = new OpenIntents();
  readonly #met = new Set<string>();
  readonly #open: { chain: string; n: number; at: number }[] = [];
  readonly #problems: Problem[] = [];
  #problemCount = 0;
  #records = 0;
  #earlier = 0;
  #walk: { readonly chain: string; readonly of: ChainWalk } | null = null;

  constructor(source: AuditSource, options: VerifyOptions) {
    this.#source = source;
    this.#options = options;
    this.#witness = new Witness(options.trusted);
  }

  async run(): Promise<Verified> {
    const { copies, onProgress } = this.#options;
    for await (const one of this.#source.roots()) this.#witness.hear(one);
    const { roots } = this.#witness;
    for await (const one of copies ?? []) {
      if (this.#witness.hear(one)) continue;
      this.#report('forged root', String(one['chain']), String(one['n']), 'this copy of a root does not count');
    }
    for await (const { raw, id } of this.#source.records()) {
      this.#records += 1;
      if (this.#records % 10_000 === 0) onProgress?.(this.#records);
      this.#see(raw, id);
    }
    this.#leave();
    this.#missing();
    const { count, first } = this.#intents;
    return {
      ok: this.#problemCount === 0,
      ...{ records: this.#records, roots, chains: this.#met.size, earlier: this.#earlier, open: this.#open },
      ...{ problems: this.#problems, problemCount: this.#problemCount },
      unfinished: { count, first },
      keys: [...this.#witness.keys],
    };
  }

  #see(raw: Raw, id: string | undefined): void {
    const chain = chainOf(raw, id);
    if (chain === null) {
      this.#earlier += 1;
      if (!this.#source.parts && this.#earlier <= this.#witness.earlier) return;
      return this.#report('inserted', '', id ?? `line ${this.#records}`, 'stands in no chain');
    }
    if (this.#walk?.chain !== chain) {
      this.#leave();
      // In the database a chain's records stand together; in a file one may have been put elsewhere.
      if (this.#met.has(chain)) {
        return this.#report('reordered', chain, String(raw['n']), 'stands apart from its chain');
      }
      this.#enter(chain);
    }
    this.#walk?.of.see(raw, id);
    this.#intents.see(raw, chain);
  }

  #enter(chain: string): void {
    this.#met.add(chain);
    const { parts } = this.#source;
    const start = parts?.get(chain) ?? null;
    if (parts && !start) this.#report('inserted', chain, '0', 'the file was made without this chain');
    const { trusted } = this.#options;
    const report = (problem: Problem): void => this.#report(problem.kind, problem.chain, problem.at, problem.what);
    this.#walk = { chain, of: new ChainWalk({ chain, witness: this.#witness, trusted, start, report }) };
  }

  #leave(): void {
    const walk = this.#walk;
    if (!walk) return;
    this.#walk = null;
    walk.of.end();
    this.#intents.end();
    const { n, hash, at, ended } = walk.of.position;
    const part = this.#source.parts?.get(walk.chain);
    if (part && n < part.last) {
      this.#report('tail removed', walk.chain, span(n + 1, part.last), 'the file was made with more');
    } else if (part && (n > part.last || hash !== part.hash)) {
      this.#report('inserted', walk.chain, String(n), 'the file was made with another end');
    }
    if (!ended && !part && this.#open.length < mostListed) this.#open.push({ chain: walk.chain, n, at });
  }

  /** Chains that others speak of and that are not there at all. */
  #missing(): void {
    const { parts } = this.#source;
    const known = parts ? [...parts.keys()] : this.#witness.chains();
    for (const chain of known) {
      if (this.#met.has(chain)) continue;
      const last = parts?.get(chain)?.last ?? this.#witness.farthest(chain)?.n ?? 0;
      if (!parts && last < (this.#witness.cut(chain)?.n ?? 0)) continue;
      this.#report('chain removed', chain, `–${last}`, 'all of it is missing');
    }
  }

  #report(kind: Problem['kind'], chain: string, at: string, what: string): void {
    this.#problemCount += 1;
    if (this.#problems.length < mostListed) this.#problems.push({ kind, chain, at, what });
  }
}

/** The chain a record stands in: by its id where it has one, or else as it says itself. */
function chainOf(raw: Raw, id: string | undefined): string | null {
  const said = raw['chain'];
  if (id === undefined) return typeof said === 'string' ? said : null;
  const colon = id.indexOf(':');
  return colon < 0 ? null : id.slice(0, colon);
}
