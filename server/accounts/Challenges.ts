import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import type { Challenge } from '../notify/documents.ts';
import type { Repos } from '../store/Repos.ts';
import { newId } from '../support/ids.ts';

const maxGuesses = 5;
const keepMs = 24 * 3600_000;

/**
 * Proofs that somebody is asked for: a code by SMS, a link by mail, a word to a bot. Code and link derive from the challenge's id and the
 * installation's secret, so that they are stored nowhere: a message is written from the id when it is sent.
 */
export class Challenges {
  readonly #repos: Repos;
  readonly #secret: string;
  readonly #now: () => number;

  constructor(deps: { readonly repos: Repos; readonly secret: string; readonly now: () => number }) {
    this.#repos = deps.repos;
    this.#secret = deps.secret;
    this.#now = deps.now;
  }

  /** Asks for a proof; one asked for before the same purpose is void. */
  async ask(purpose: Challenge['purpose'], accountId: string, target: string, usefulMs: number): Promise<Challenge> {
    await this.void(purpose, accountId);
    return await this.add(purpose, accountId, target, usefulMs);
  }

  /** As {@link ask}, where those asked for before stay good: for what a stranger may ask for in somebody's name. */
  async add(purpose: Challenge['purpose'], accountId: string, target: string, usefulMs: number): Promise<Challenge> {
    const now = this.#now();
    const asked: Challenge = {
      _id: newId(),
      purpose,
      accountId,
      target,
      attempts: 0,
      state: 'open',
      createdAt: now,
      expiresAt: now + usefulMs,
      forgetAt: new Date(now + usefulMs + keepMs),
    };
    await this.#repos.challenges.insert(asked);
    return asked;
  }

  /** Those that are open lead nowhere any more. */
  async void(purpose: Challenge['purpose'], accountId: string): Promise<void> {
    await this.#repos.challenges.updateMany({ accountId, purpose, state: 'open' }, { $set: { state: 'used' } });
  }

  /** Whether one was asked for after `since`, UTC ms, and is open. */
  async askedSince(purpose: Challenge['purpose'], accountId: string, since: number): Promise<boolean> {
    const filter = { accountId, purpose, state: 'open', createdAt: { $gt: since } };
    return (await this.#repos.challenges.one(filter)) !== null;
  }

  /** The challenge while it can still be answered. */
  async open(challengeId: string): Promise<Challenge | null> {
    const found = await this.#repos.challenges.get(challengeId);
    return found?.state === 'open' && found.expiresAt > this.#now() ? found : null;
  }

  /** Six digits. */
  codeOf(challengeId: string): string {
    return String(this.#mac('code', challengeId).readUInt32BE(0) % 1_000_000).padStart(6, '0');
  }

  /** A word for an address: carries the id and its proof. */
  wordOf(challengeId: string): string {
    return `${challengeId}-${this.#mac('word', challengeId).toString('hex').slice(0, 24)}`;
  }

  /**
   * Takes a code for an account's newest challenge of a purpose. Every try counts, also one that races with another.
   * @throws AppError WRONG_CODE, or CODE_EXPIRED when there is none (any more) or too many tries were made.
   */
  async takeCode(purpose: Challenge['purpose'], accountId: string, code: string): Promise<Challenge> {
    return await this.#try(await this.#repos.challenges.one({ accountId, purpose, state: 'open' }), code);
  }

  /** As {@link takeCode}, for the challenge that was asked for under this id. */
  async takeCodeOf(purpose: Challenge['purpose'], challengeId: string, code: string): Promise<Challenge> {
    const asked = await this.#repos.challenges.get(challengeId);
    return await this.#try(asked?.purpose === purpose && asked.state === 'open' ? asked : null, code);
  }

  async #try(asked: Challenge | null, code: string): Promise<Challenge> {
    if (!asked || asked.expiresAt <= this.#now() || asked.attempts >= maxGuesses) throw expired();
    const counted = await this.#repos.challenges.update(
      { _id: asked._id, attempts: asked.attempts, state: 'open' },
      { $set: { attempts: asked.attempts + 1 } },
    );
    if (!counted) throw new AppError('WRONG_CODE', 'another try came first');
    if (!same(code, this.codeOf(asked._id))) {
      if (asked.attempts + 1 >= maxGuesses) throw expired();
      throw new AppError('WRONG_CODE', 'this is not the code');
    }
    return await this.#use(asked);
  }

  /** Takes a word; null when it is none of ours, void, or used. */
  async takeWord(purpose: Challenge['purpose'], word: string): Promise<Challenge | null> {
    const id = word.slice(0, 36);
    if (!same(word, this.wordOf(id))) return null;
    const asked = await this.open(id);
    if (asked?.purpose !== purpose) return null;
    return await this.#use(asked).catch(() => null);
  }

  /** Whose word it is, without using it up; null when it is none of ours, void, or used. */
  async peekWord(purpose: Challenge['purpose'], word: string): Promise<Challenge | null> {
    const id = word.slice(0, 36);
    if (!same(word, this.wordOf(id))) return null;
    const asked = await this.open(id);
    return asked?.purpose === purpose ? asked : null;
  }

  async #use(asked: Challenge): Promise<Challenge> {
    const used = await this.#repos.challenges.update({ _id: asked._id, state: 'open' }, { $set: { state: 'used' } });
    if (!used) throw expired();
    return asked;
  }

  #mac(use: string, id: string): Buffer {
    return createHmac('sha256', this.#secret).update(`challenge ${use} ${id}`).digest();
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function expired(): AppError {
  return new AppError('CODE_EXPIRED', 'ask for a new code');
}
