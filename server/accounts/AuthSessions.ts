import type { Collection, Db } from 'mongodb';
import { z } from 'zod';
import { device, type Device } from '../../shared/contract/access.ts';
import { newId } from '../support/ids.ts';
import { Lookups } from '../store/Lookups.ts';
import type { Doc } from '../store/mongo.ts';
import { unknownDevice } from './device.ts';
import { activeAt, idleEnd, rotate, type RotationState } from './rules.ts';

const lifetimeMs = 30 * 24 * 3600_000;
const mostListed = 100;

const authSession = z.object({
  _id: z.string(),
  accountId: z.string(),
  createdAt: z.number(),
  /** Unknown of sessions from before it was kept. */
  device: device.default(unknownDevice),
  rotation: z.object({
    current: z.int(),
    previous: z.int().nullable(),
    rotatedAt: z.number(),
    lostReply: z.boolean(),
  }),
  /** When somebody last did something, as far as we were told, UTC ms. */
  activeAt: z.number().default(0),
  /** After this it is over, unless somebody does something; absent: only `expireAt` counts. */
  idleUntil: z.number().optional(),
  revokedAt: z.number().nullable(),
  expireAt: z.date(),
});
const seenDoc = z.object({ accountId: z.string(), rotation: z.object({ rotatedAt: z.number() }) });
export type AuthSession = z.infer<typeof authSession>;

export type Refreshed =
  | { readonly kind: 'ok'; readonly session: AuthSession; readonly number: number }
  | { readonly kind: 'reuse'; readonly session: AuthSession }
  /** Nobody was there for too long. */
  | { readonly kind: 'idle'; readonly session: AuthSession }
  | { readonly kind: 'gone' };

/** Sign-in sessions: one per sign-in, rotated by every refresh, revocable. */
export class AuthSessions {
  readonly #collection: Collection<Doc>;
  readonly #lookups: Lookups;
  readonly #now: () => number;

  constructor(db: Db, now: () => number) {
    this.#collection = db.collection<Doc>('authSessions');
    this.#lookups = new Lookups(this.#collection);
    this.#now = now;
  }

  /** @param idleMs after how long without anybody it ends; null: by its age alone. */
  async open(accountId: string, from: Device, idleMs: number | null): Promise<AuthSession> {
    const now = this.#now();
    const rotation: RotationState = { current: 1, previous: null, rotatedAt: now, lostReply: false };
    const session: AuthSession = {
      _id: newId(),
      accountId,
      createdAt: now,
      device: from,
      rotation: { ...rotation },
      activeAt: now,
      ...(idleMs === null ? {} : { idleUntil: idleEnd(now, idleMs) }),
      revokedAt: null,
      expireAt: new Date(now + lifetimeMs),
    };
    await this.#collection.insertOne({ ...session });
    return session;
  }

  async get(sid: string): Promise<AuthSession | null> {
    const found = await this.#lookups.get(sid);
    return found ? authSession.parse(found) : null;
  }

  /** True when the session exists, is not revoked and has not expired. */
  async isLive(sid: string): Promise<boolean> {
    const session = await this.get(sid);
    return session !== null && this.#live(session);
  }

  /**
   * Presents refresh token `number`; on reuse the session is revoked. Safe against simultaneous refreshes.
   * @param idleMs as in {@link open}. @param quietMs how long nobody has done anything there, as the browser says; undefined: it says nothing.
   */
  async refresh(sid: string, number: number, idleMs: number | null, quietMs: number | undefined): Promise<Refreshed> {
    for (;;) {
      const session = await this.get(sid);
      if (!session || session.revokedAt !== null || session.expireAt.getTime() <= this.#now()) return { kind: 'gone' };
      const active = activeAt(session.activeAt, this.#now(), quietMs);
      const end = idleMs === null ? null : idleEnd(active, idleMs);
      if ((session.idleUntil !== undefined && !this.#live(session)) || (end !== null && end <= this.#now())) {
        await this.revoke(sid);
        return { kind: 'idle', session };
      }
      const outcome = rotate(session.rotation, number, this.#now());
      if (outcome.kind === 'repeat') return { kind: 'ok', session, number: outcome.current };
      if (outcome.kind === 'reuse') {
        await this.revoke(sid);
        return { kind: 'reuse', session };
      }
      const moved = await this.#collection.updateOne(
        { _id: sid, 'rotation.current': session.rotation.current, revokedAt: null },
        {
          $set: {
            rotation: outcome.next,
            expireAt: new Date(this.#now() + lifetimeMs),
            activeAt: active,
            ...(end === null ? {} : { idleUntil: end }),
          },
          ...(end === null ? { $unset: { idleUntil: '' } } : {}),
        },
      );
      if (moved.matchedCount === 1) return { kind: 'ok', session, number: outcome.next.current };
    }
  }

  /** The account's sessions that have not ended, the latest use first. */
  async liveOf(accountId: string): Promise<AuthSession[]> {
    const found = await this.#collection
      .find({ accountId, revokedAt: null }, { sort: { 'rotation.rotatedAt': -1 }, limit: mostListed })
      .toArray();
    return found.map((doc) => authSession.parse(doc)).filter((session) => this.#live(session));
  }

  /** When each of these accounts last renewed its access, UTC ms; those with no session that is kept are missing. */
  async lastSeen(accountIds: readonly string[]): Promise<Map<string, number>> {
    const found = await this.#collection
      .find({ accountId: { $in: [...accountIds] } }, { projection: { accountId: 1, 'rotation.rotatedAt': 1 } })
      .toArray();
    const seen = new Map<string, number>();
    for (const doc of found) {
      const { accountId, rotation } = seenDoc.parse(doc);
      seen.set(accountId, Math.max(seen.get(accountId) ?? 0, rotation.rotatedAt));
    }
    return seen;
  }

  async revoke(sid: string): Promise<void> {
    await this.#collection.updateOne({ _id: sid, revokedAt: null }, { $set: { revokedAt: this.#now() } });
  }

  /**
   * @param but a session to keep.
   * @returns the ids of the sessions that were still open.
   */
  async revokeAll(accountId: string, but?: string): Promise<string[]> {
    const which = { accountId, revokedAt: null, ...(but === undefined ? {} : { _id: { $ne: but } }) };
    const open = await this.#collection.find(which).toArray();
    await this.#collection.updateMany(which, { $set: { revokedAt: this.#now() } });
    return open.map((doc) => doc._id);
  }

  /** Somebody did something in it. */
  async touch(sid: string, idleMs: number): Promise<void> {
    const now = this.#now();
    await this.#collection.updateOne(
      { _id: sid, revokedAt: null, idleUntil: { $gt: now } },
      { $max: { activeAt: now, idleUntil: idleEnd(now, idleMs) } },
    );
  }

  /** Ids of sessions that ended after `since`, UTC ms: revoked by any hub, or because nobody was there. */
  async endedSince(since: number): Promise<string[]> {
    const only = { projection: { _id: 1 } };
    const [revoked, idle] = await Promise.all([
      this.#collection.find({ revokedAt: { $gt: since } }, only).toArray(),
      this.#collection.find({ idleUntil: { $gt: since, $lte: this.#now() } }, only).toArray(),
    ]);
    return [...new Set([...revoked, ...idle].map((doc) => doc._id))];
  }

  #live(session: AuthSession): boolean {
    const now = this.#now();
    return session.revokedAt === null && session.expireAt.getTime() > now && (session.idleUntil ?? Infinity) > now;
  }
}
