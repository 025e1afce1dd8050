import type { Socket } from 'socket.io';
import { channelOf, isChannelName, type ChannelName } from '../../shared/contract/index.ts';
import { subscribeFrame, unsubscribeFrame, type Position, type Subscribed } from '../../shared/contract/wire.ts';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { mayUse } from '../../shared/permissions.ts';
import { Access, type AccessDeps, type Actor } from '../store/Access.ts';
import type { AuditSubject } from '../store/Audit.ts';
import type { ChannelSources } from './channels.ts';
import { roomOf, type Publisher } from './publish.ts';
import { isVisitor } from './visitors.ts';

interface Subscription {
  readonly channel: keyof ChannelSources;
  readonly key: string;
  /** Whom it is about, for the record of its end. */
  readonly subject: AuditSubject;
}

/**
 * Channels that show patients, or a clinic's people to strangers: opening and closing them is recorded. Where the key is
 * not itself a secret it is named.
 */
const recorded: ReadonlyMap<string, 'named' | 'secret'> = new Map([
  ...(['queue', 'directory', 'triages', 'place', 'chat', 'queuePresence', 'board'] as const).map(
    (channel) => [channel, 'named'] as const,
  ),
  ['linkedPlace', 'secret'],
]);

/** What one socket listens to: opened, recorded, checked again when access changes, closed. */
export class Subscriptions {
  readonly #socket: Socket;
  readonly #deps: { readonly sources: ChannelSources; readonly access: AccessDeps; readonly publisher: Publisher };
  readonly #open = new Map<string, Subscription>();
  /** Rooms being opened, and how many requests do so: they count against the limit before they are open. */
  readonly #opening = new Map<string, number>();
  /** How often access was checked again; what was authorized before the last time is checked once more. */
  #rechecks = 0;
  #latest: Actor | null = null;

  constructor(
    socket: Socket,
    deps: { readonly sources: ChannelSources; readonly access: AccessDeps; readonly publisher: Publisher },
  ) {
    this.#socket = socket;
    this.#deps = deps;
  }

  /** @throws AppError INVALID_INPUT, FORBIDDEN, NOT_FOUND, RATE_LIMITED (too many). */
  async subscribe(asked: Actor, raw: unknown, traceId: string): Promise<Subscribed> {
    const actor = this.#newest(asked);
    const frame = subscribeFrame.safeParse(raw);
    if (!frame.success || !isChannelName(frame.data.channel)) throw new AppError('INVALID_INPUT', 'no such channel');
    const { channel, since } = { ...frame.data, channel: frame.data.channel };
    const definition = channelOf(channel);
    const key = definition.key.safeParse(frame.data.key);
    if (!key.success) throw new AppError('INVALID_INPUT', 'the key does not fit');
    if (!admits(channel, actor)) throw new AppError('FORBIDDEN', 'not for your role');
    const room = roomOf(channel, key.data);
    this.#reserve(room, isVisitor(actor.account) ? limits.subscriptionsPerVisitor : limits.subscriptionsPerSocket);
    try {
      return await this.#subscribe(actor, { channel, key: key.data, since, room }, traceId);
    } finally {
      this.#release(room);
    }
  }

  async #subscribe(
    actor: Actor,
    { channel, key, since, room }: { channel: ChannelName; key: string; since: Position | undefined; room: string },
    traceId: string,
  ): Promise<Subscribed> {
    const rechecks = this.#rechecks;
    const access = new Access(actor, traceId, this.#deps.access).actsAs(channelOf(channel).roles);
    const source = this.#deps.sources[channel];
    await source.authorize(access, key);
    if (recorded.has(channel)) await access.audit('subscribed', channel, shown(channel, key));
    const current = await source.current(key, since, () => {
      if (!this.#socket.connected) return;
      this.#open.set(room, { channel, key, subject: access.subject });
      void this.#socket.join(room);
    });
    // Access changed while we were asking: that check did not know this room yet.
    if (this.#rechecks !== rechecks && this.#latest && !(await this.#allowed(this.#latest, channel, key, traceId))) {
      await this.#leave(actor, room, traceId);
      throw new AppError('NOT_FOUND', 'access has ended');
    }
    return current;
  }

  async unsubscribe(actor: Actor, raw: unknown, traceId: string): Promise<void> {
    const frame = unsubscribeFrame.safeParse(raw);
    if (!frame.success) throw new AppError('INVALID_INPUT', 'no such channel');
    await this.#leave(actor, roomOf(frame.data.channel, frame.data.key), traceId);
  }

  /** Access may have changed: leaves every room the actor may no longer be in. */
  async recheck(actor: Actor, traceId: string): Promise<void> {
    this.#rechecks += 1;
    this.#latest = actor;
    for (const [room, { channel, key }] of this.#open) {
      if (await this.#allowed(actor, channel, key, traceId)) continue;
      await this.#leave(actor, room, traceId);
      this.#deps.publisher.closed(this.#socket.id, { channel, key });
    }
  }

  /** The socket is gone: its rooms are already left; what remains is the record. */
  async end(actor: Actor, traceId: string): Promise<void> {
    for (const room of [...this.#open.keys()]) await this.#leave(actor, room, traceId);
  }

  async #allowed(actor: Actor, channel: ChannelName, key: string, traceId: string): Promise<boolean> {
    if (!admits(channel, actor)) return false;
    const access = new Access(actor, traceId, this.#deps.access);
    return await this.#deps.sources[channel].authorize(access, key).then(
      () => true,
      () => false,
    );
  }

  /** The actor as last checked, when what was read for this request is older. */
  #newest(actor: Actor): Actor {
    const latest = this.#latest;
    return latest && latest.account.accessChangedAt > actor.account.accessChangedAt ? latest : actor;
  }

  /** Counts a room before the first wait, so that a burst cannot pass the limit together. */
  #reserve(room: string, most: number): void {
    const known = this.#open.has(room) || this.#opening.has(room);
    const opening = [...this.#opening.keys()].filter((one) => !this.#open.has(one)).length;
    if (!known && this.#open.size + opening >= most) {
      throw new AppError('RATE_LIMITED', 'too many subscriptions on one connection');
    }
    this.#opening.set(room, (this.#opening.get(room) ?? 0) + 1);
  }

  #release(room: string): void {
    const left = (this.#opening.get(room) ?? 1) - 1;
    if (left > 0) this.#opening.set(room, left);
    else this.#opening.delete(room);
  }

  async #leave(actor: Actor, room: string, traceId: string): Promise<void> {
    const open = this.#open.get(room);
    if (!open) return;
    this.#open.delete(room);
    await this.#socket.leave(room);
    const access = new Access(actor, traceId, this.#deps.access).actsAs(channelOf(open.channel).roles);
    if (recorded.has(open.channel)) await access.audit('unsubscribed', open.channel, open.subject);
  }
}

function admits(channel: ChannelName, { account }: Actor): boolean {
  const { roles, permission } = channelOf(channel);
  return roles === 'public' || mayUse(account, { roles, permission });
}

function shown(channel: ChannelName, key: string): AuditSubject {
  return recorded.get(channel) === 'named' ? { resource: channel, resourceId: key } : { resource: channel };
}
