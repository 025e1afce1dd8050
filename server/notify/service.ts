import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import {
  notificationsState,
  type NotificationEvent,
  type NotificationsState,
} from '../../shared/state/notifications.ts';
import type { Challenges } from '../accounts/Challenges.ts';
import type { Gateways } from '../gateways/types.ts';
import type { ChannelSource } from '../hub/channels.ts';
import type { Publisher } from '../hub/publish.ts';
import { streamStart } from '../hub/streamStart.ts';
import type { Access } from '../store/Access.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import type { Deliveries } from './Deliveries.ts';
import type { Notifier } from './Notifier.ts';
import { toE164 } from './rules.ts';
import type { Settings } from './Settings.ts';

export interface NotifyDeps {
  readonly repos: Repos;
  readonly notifications: StreamsOf<NotificationsState, NotificationEvent>;
  readonly notifier: Notifier;
  readonly settings: Settings;
  readonly deliveries: Deliveries;
  readonly challenges: Challenges;
  readonly gateways: Gateways;
  readonly publisher: Publisher;
  /** The account's owner hears that its number is another. */
  readonly phoneChanged: (accountId: string, change: 'phone' | 'phoneRemoved') => Promise<void>;
  /** ISO 3166: whose numbers are written without a prefix. */
  readonly region: string;
  readonly now: () => number;
}

const codeMs = 10 * 60_000;
const devicesPerAccount = 10;
type Empty = Record<never, never>;

/** One's own notifications and how one wants to get them. */
export class NotifyService {
  readonly source: ChannelSource;
  readonly #deps: NotifyDeps;

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
    const { notifications, publisher } = deps;
    notifications.onCommit(({ key, epoch, events }) => publisher.events('notifications', key, epoch, events));
    this.source = {
      authorize: (access, accountId) => access.self(accountId),
      current: (accountId, since, join) =>
        streamStart(notifications, accountId, since, join, (state) => notificationsState.parse(state)),
    };
  }

  async read(access: Access, requestId: string, { notificationId }: InputOf<'notify.read'>): Promise<Empty> {
    return await this.#change(access, requestId, (state) => {
      const item = state.items.find((one) => one.id === notificationId);
      if (!item) throw new AppError('NOT_FOUND', 'no such notification');
      return item.read ? null : { type: 'read', data: { notificationId } };
    });
  }

  async readAll(access: Access, requestId: string, { upTo }: InputOf<'notify.readAll'>): Promise<Empty> {
    return await this.#change(access, requestId, (state) =>
      state.items.some((one) => !one.read && one.seq <= upTo) ? { type: 'allRead', data: { upTo } } : null,
    );
  }

  async dismiss(access: Access, requestId: string, { notificationId }: InputOf<'notify.dismiss'>): Promise<Empty> {
    return await this.#change(access, requestId, (state) =>
      state.items.some((one) => one.id === notificationId) ? { type: 'dismissed', data: { notificationId } } : null,
    );
  }

  async setPreferences(
    access: Access,
    { language, quiet, channels }: InputOf<'notify.setPreferences'>,
  ): Promise<OutputOf<'notify.preferences'>> {
    await this.#deps.settings.change(access.accountId, (now) => ({
      ...(language === undefined ? {} : { language }),
      ...(quiet === undefined ? {} : { quiet }),
      ...(channels === undefined ? {} : { channels: { ...now.channels, ...channels } }),
    }));
    return await this.#deps.settings.view(access.actor.account);
  }

  /** Sends a code to a phone; it counts once the code came back. */
  async setPhone(access: Access, { phone }: InputOf<'notify.setPhone'>): Promise<OutputOf<'notify.setPhone'>> {
    const { settings, challenges, notifier, gateways } = this.#deps;
    if (!gateways.sms) throw new AppError('UNAVAILABLE', 'this installation sends no SMS');
    const number = toE164(phone, this.#deps.region);
    if (number === null)
      throw new AppError('INVALID_INPUT', 'no number that SMS reach', { issues: [{ path: 'phone' }] });
    // One that is proved stays in use until the new one is.
    await settings.change(access.accountId, ({ phone: now }) =>
      now?.verifiedAt == null ? { phone: { number, verifiedAt: null } } : {},
    );
    const asked = await challenges.ask('phone', access.accountId, number, codeMs);
    const message = { kind: 'account.verifyPhone', challengeId: asked._id } as const;
    await notifier.direct(access.accountId, message, 'sms', codeMs);
    return { expiresAt: asked.expiresAt };
  }

  /** From now on messages go there, and a code there opens this account. @throws AppError CONFLICT when it opens another. */
  async verifyPhone(access: Access, { code }: InputOf<'notify.verifyPhone'>): Promise<Empty> {
    const { settings, challenges, repos, now } = this.#deps;
    const { target } = await challenges.takeCode('phone', access.accountId, code);
    const taken = await repos.accounts.tryUpdate({ _id: access.accountId }, { $set: { phone: target } });
    if (taken !== 'done') throw new AppError('CONFLICT', 'this number belongs to another account');
    await settings.change(access.accountId, () => ({ phone: { number: target, verifiedAt: now() } }));
    await this.#deps.phoneChanged(access.accountId, 'phone');
    return {};
  }

  /** @throws AppError WRONG_STATE when it is the only way into the account. */
  async removePhone(access: Access): Promise<Empty> {
    const account = await this.#deps.repos.accounts.get(access.accountId);
    if (account?.phone !== undefined && account.email === undefined) {
      throw new AppError('WRONG_STATE', 'the number is the only way in');
    }
    await this.#deps.repos.accounts.update({ _id: access.accountId }, { $unset: { phone: '' } });
    await this.#deps.settings.change(access.accountId, () => ({ phone: null }));
    if (account?.phone !== undefined) await this.#deps.phoneChanged(access.accountId, 'phoneRemoved');
    return {};
  }

  /** A browser belongs to whoever signed in there last. */
  async subscribePush(access: Access, { endpoint, keys, language }: InputOf<'notify.subscribePush'>): Promise<Empty> {
    const { gateways, repos, now } = this.#deps;
    if (!gateways.push) throw new AppError('UNAVAILABLE', 'this installation sends no push messages');
    const refusal = gateways.push.refusal(endpoint);
    if (refusal !== null) throw new AppError('INVALID_INPUT', `not a push service: ${refusal}`);
    const device = { accountId: access.accountId, endpoint, keys, language };
    const _id = deviceId(endpoint);
    if (!(await repos.pushDevices.update({ _id }, { $set: device }))) {
      if (!(await repos.pushDevices.insert({ _id, ...device, createdAt: now() }))) {
        await repos.pushDevices.update({ _id }, { $set: device });
      }
    }
    const all = await repos.pushDevices.many({ accountId: access.accountId }, { sort: { createdAt: -1 } });
    for (const old of all.slice(devicesPerAccount)) await repos.pushDevices.remove({ _id: old._id });
    return {};
  }

  async unsubscribePush(access: Access, { endpoint }: InputOf<'notify.unsubscribePush'>): Promise<Empty> {
    await this.#deps.repos.pushDevices.remove({ _id: deviceId(endpoint), accountId: access.accountId });
    return {};
  }

  async telegramLink(access: Access): Promise<OutputOf<'notify.telegramLink'>> {
    const { gateways, challenges } = this.#deps;
    const bot = gateways.telegram ? await gateways.telegram.botName() : null;
    if (bot === null) throw new AppError('UNAVAILABLE', 'the bot cannot be reached');
    const asked = await challenges.ask('telegram', access.accountId, '', codeMs);
    return { url: `https://t.me/${bot}?start=${challenges.wordOf(asked._id)}`, expiresAt: asked.expiresAt };
  }

  async telegramUnlink(access: Access): Promise<Empty> {
    await this.#deps.settings.change(access.accountId, () => ({ telegram: null }));
    return {};
  }

  /** The last mails and SMS of a demo. */
  async outbox(limit: number): Promise<OutputOf<'notify.outbox'>> {
    const found = await this.#deps.repos.shownMessages.many({}, { sort: { at: -1 }, limit });
    return { messages: found.map(({ _id, forgetAt: _forgetAt, ...rest }) => ({ id: _id, ...rest })) };
  }

  async retryDelivery({ deliveryId }: InputOf<'notify.retryDelivery'>): Promise<Empty> {
    if (!(await this.#deps.deliveries.retry(deliveryId))) throw new AppError('NOT_FOUND', 'no such message');
    return {};
  }

  async discardDelivery({ deliveryId }: InputOf<'notify.discardDelivery'>): Promise<Empty> {
    if (!(await this.#deps.deliveries.discard(deliveryId))) throw new AppError('NOT_FOUND', 'no such message');
    return {};
  }

  /** Appends what `decide` says; nothing when there is nothing to change. */
  async #change(
    access: Access,
    requestId: string,
    decide: (state: NotificationsState) => Pick<NotificationEvent, 'type' | 'data'> | null,
  ): Promise<Empty> {
    const { notifications } = this.#deps;
    const { state } = await notifications.load(access.accountId);
    if (decide(state) === null) return {};
    await notifications
      .command(access.accountId, access.command(requestId, 'self'), (now) => {
        const decided = decide(now);
        if (!decided) throw new NothingToDo();
        return decided;
      })
      .catch((error: unknown) => {
        if (!(error instanceof NothingToDo)) throw error;
      });
    return {};
  }
}

/** It was done meanwhile, from another tab. */
class NothingToDo extends Error {}

function deviceId(endpoint: string): string {
  return derivedId('push-device', endpoint);
}
