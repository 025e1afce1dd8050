import type { Socket } from 'socket.io';
import { channelOf, isChannelName } from '../../shared/contract/index.ts';
import { subscribeFrame, unsubscribeFrame, type Subscribed } from '../../shared/contract/wire.ts';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { hasRole } from '../../shared/permissions.ts';
import { Access, type AccessDeps, type Actor } from '../store/Access.ts';
import type { AuditSubject } from '../store/Audit.ts';
import type { ChannelSources } from './channels.ts';
import { roomOf, type Publisher } from './publish.ts';

interface Subscription {
  readonly channel: keyof ChannelSources;
  readonly key: string;
  /** Whom it is about, for the record of its end. */
  readonly subject: AuditSubject;
}

/** Channels that show patients: opening and closing them is recorded. */
const clinical: ReadonlySet<string> = new Set(['queue', 'directory', 'place', 'chat']);

/** What one socket listens to: opened, recorded, checked again when access changes, closed. */
export class Subscriptions {
  readonly #socket: Socket;
  readonly #deps: { readonly sources: ChannelSources; readonly access: AccessDeps; readonly publisher: Publisher };
  readonly #open = new Map<string, Subscription>();

  constructor(
    socket: Socket,
    deps: { readonly sources: ChannelSources; readonly access: AccessDeps; readonly publisher: Publisher },
  ) {
    this.#socket = socket;
    this.#deps = deps;
  }

  /** @throws AppError INVALID_INPUT, FORBIDDEN, NOT_FOUND, RATE_LIMITED (too many). */
  async subscribe(actor: Actor, raw: unknown, traceId: string): Promise<Subscribed> {
    const frame = subscribeFrame.safeParse(raw);
    if (!frame.success || !isChannelName(frame.data.channel)) throw new AppError('INVALID_INPUT', 'no such channel');
    const { channel, since } = { ...frame.data, channel: frame.data.channel };
    const definition = channelOf(channel);
    const key = definition.key.safeParse(frame.data.key);
    if (!key.success) throw new AppError('INVALID_INPUT', 'the key does not fit');
    if (!hasRole(actor.account.roles, definition.roles)) throw new AppError('FORBIDDEN', 'not for your role');
    const room = roomOf(channel, key.data);
    if (!this.#open.has(room) && this.#open.size >= limits.subscriptionsPerSocket) {
      throw new AppError('RATE_LIMITED', 'too many subscriptions on one connection');
    }
    const access = new Access(actor, traceId, this.#deps.access);
    const source = this.#deps.sources[channel];
    await source.authorize(access, key.data);
    if (clinical.has(channel)) await access.audit('subscribed', channel, {});
    const current = await source.current(key.data, since, () => {
      if (!this.#socket.connected) return;
      this.#open.set(room, { channel, key: key.data, subject: access.subject });
      void this.#socket.join(room);
    });
    return current;
  }

  async unsubscribe(actor: Actor, raw: unknown, traceId: string): Promise<void> {
    const frame = unsubscribeFrame.safeParse(raw);
    if (!frame.success) throw new AppError('INVALID_INPUT', 'no such channel');
    await this.#leave(actor, roomOf(frame.data.channel, frame.data.key), traceId);
  }

  /** Access may have changed: leaves every room the actor may no longer be in. */
  async recheck(actor: Actor, traceId: string): Promise<void> {
    for (const [room, { channel, key }] of this.#open) {
      const access = new Access(actor, traceId, this.#deps.access);
      const allowed =
        hasRole(actor.account.roles, channelOf(channel).roles) &&
        (await this.#deps.sources[channel].authorize(access, key).then(
          () => true,
          () => false,
        ));
      if (allowed) continue;
      await this.#leave(actor, room, traceId);
      this.#deps.publisher.closed(this.#socket.id, { channel, key });
    }
  }

  /** The socket is gone: its rooms are already left; what remains is the record. */
  async end(actor: Actor, traceId: string): Promise<void> {
    for (const room of [...this.#open.keys()]) await this.#leave(actor, room, traceId);
  }

  async #leave(actor: Actor, room: string, traceId: string): Promise<void> {
    const open = this.#open.get(room);
    if (!open) return;
    this.#open.delete(room);
    await this.#socket.leave(room);
    const access = new Access(actor, traceId, this.#deps.access);
    if (clinical.has(open.channel)) await access.audit('unsubscribed', open.channel, open.subject);
  }
}
