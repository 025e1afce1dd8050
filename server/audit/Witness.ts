import { hashOf, root, signedBy, type Position, type Root } from './chain.ts';

/** Keys whose signatures count; null: nobody said, so any counts and is reported. */
export type TrustedKeys = ReadonlySet<string> | null;

/** Why a signed record does not count; null: it does. */
export function rootFault(record: Root, trusted: TrustedKeys): string | null {
  if (trusted && !trusted.has(record.publicKey)) return 'signed with a key that is not yours';
  if (!signedBy(record.publicKey, record.hash, record.signature)) return 'its signature is wrong';
  return null;
}

/**
 * What signed records say: how far each chain was, and what was removed because its time was over. Keeps one position per
 * chain, the farthest: whoever holds its hash holds everything before it.
 */
export class Witness {
  readonly #trusted: TrustedKeys;
  readonly #farthest = new Map<string, Position & { readonly by: string }>();
  readonly #cuts = new Map<string, Position>();
  /** Public keys that signed something. */
  readonly keys = new Set<string>();
  /** Records of the version before chains, as the first chain counted them. */
  earlier = 0;
  roots = 0;

  constructor(trusted: TrustedKeys) {
    this.#trusted = trusted;
  }

  /** Hears a signed record, if it is one and counts; what does not is the verifier's to report where it stands. */
  hear(raw: Readonly<Record<string, unknown>>): boolean {
    const parsed = root.safeParse(raw);
    if (!parsed.success) return false;
    const one = parsed.data;
    if (rootFault(one, this.#trusted) !== null || !sameHash(raw, one.hash)) return false;
    this.roots += 1;
    this.keys.add(one.publicKey);
    this.earlier = Math.max(this.earlier, one.earlier ?? 0);
    this.#note({ chain: one.chain, n: one.n, hash: one.hash }, one.chain);
    for (const position of one.seen) this.#note(position, one.chain);
    for (const cut of one.cuts ?? []) if (cut.n > (this.#cuts.get(cut.chain)?.n ?? 0)) this.#cuts.set(cut.chain, cut);
    return true;
  }

  /** How far a chain was at least. */
  farthest(chain: string): (Position & { readonly by: string }) | undefined {
    return this.#farthest.get(chain);
  }

  /** From which record on a chain is still kept. */
  cut(chain: string): Position | undefined {
    return this.#cuts.get(chain);
  }

  /** Every chain anybody spoke of. */
  chains(): Iterable<string> {
    return this.#farthest.keys();
  }

  #note(position: Position, by: string): void {
    const known = this.#farthest.get(position.chain);
    if (!known || position.n > known.n) this.#farthest.set(position.chain, { ...position, by });
  }
}

/** Whether a record's content gives this hash; what has no canonical form gives none. */
export function sameHash(record: Readonly<Record<string, unknown>>, hash: string): boolean {
  try {
    return hashOf(record) === hash;
  } catch {
    return false;
  }
}
