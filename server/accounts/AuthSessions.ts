import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import { newId } from '../support/ids.ts';
import type { Doc } from '../store/mongo.ts';
import { rotate, type RotationState } from './rules.ts';

const lifetimeMs = 30 * 24 * 3600_000;

const authSession = z.object({
  _id: z.string(),
  accountId: z.string(),
  createdAt: z.number(),
  rotation: z.object({
    current: z.int(),
    previous: z.int().nullable(),
    rotatedAt: z.number(),
    lostReply: z.boolean(),
  }),
  revokedAt: z.number().nullable(),
  expireAt: z.date(),
});
export type AuthSession = z.infer<typeof authSession>;

export type Refreshed =
  | { readonly kind: 'ok'; readonly session: AuthSession; readonly number: number }
  | { readonly kind: 'reuse'; readonly session: AuthSession }
  | { readonly kind: 'gone' };

/** Sign-in sessions: one per sign-in, rotated by every refresh, revocable. */
export class AuthSessions {
  readonly #collection: Collection<Doc>;
  readonly #now: () => number;

  constructor(db: Db, now: () => number) {
    this.#collection = db.collection<Doc>('authSessions');
    this.#now = now;
  }

  async open(accountId: string): Promise<AuthSession> {
    const now = this.#now();
    const rotation: RotationState = { current: 1, previous: null, rotatedAt: now, lostReply: false };
    const session: AuthSession = {
      _id: newId(),
      accountId,
      createdAt: now,
      rotation: { ...rotation },
      revokedAt: null,
      expireAt: new Date(now + lifetimeMs),
    };
    await this.#collection.insertOne({ ...session });
    return session;
  }

  async get(sid: string): Promise<AuthSession | null> {
    const found = await this.#collection.findOne({ _id: sid });
    return found ? authSession.parse(found) : null;
  }

  /** True when the session exists, is not revoked and has not expired. */
  async isLive(sid: string): Promise<boolean> {
    const session = await this.get(sid);
    return session !== null && this.#live(session);
  }

  /** Presents refresh token `number`; on reuse the session is revoked. Safe against simultaneous refreshes. */
  async refresh(sid: string, number: number): Promise<Refreshed> {
    for (;;) {
      const session = await this.get(sid);
      if (!session || !this.#live(session)) return { kind: 'gone' };
      const outcome = rotate(session.rotation, number, this.#now());
      if (outcome.kind === 'repeat') return { kind: 'ok', session, number: outcome.current };
      if (outcome.kind === 'reuse') {
        await this.revoke(sid);
        return { kind: 'reuse', session };
      }
      const moved = await this.#collection.updateOne(
        { _id: sid, 'rotation.current': session.rotation.current, revokedAt: null },
        { $set: { rotation: outcome.next, expireAt: new Date(this.#now() + lifetimeMs) } },
      );
      if (moved.matchedCount === 1) return { kind: 'ok', session, number: outcome.next.current };
    }
  }

  async revoke(sid: string): Promise<void> {
    await this.#collection.updateOne({ _id: sid, revokedAt: null }, { $set: { revokedAt: this.#now() } });
  }

  /** @returns the ids of the sessions that were still open. */
  async revokeAll(accountId: string): Promise<string[]> {
    const open = await this.#collection.find({ accountId, revokedAt: null }).toArray();
    await this.#collection.updateMany({ accountId, revokedAt: null }, { $set: { revokedAt: this.#now() } });
    return open.map((doc) => doc._id);
  }

  /** Ids of sessions revoked after `since`, UTC ms: by any hub. */
  async revokedSince(since: number): Promise<string[]> {
    const found = await this.#collection.find({ revokedAt: { $gt: since } }, { projection: { _id: 1 } }).toArray();
    return found.map((doc) => doc._id);
  }

  #live(session: AuthSession): boolean {
    return session.revokedAt === null && session.expireAt.getTime() > this.#now();
  }
}
