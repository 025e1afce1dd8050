import { noticeRules, noticeTag, type Notice, type NoticeChannel } from '../../shared/state/notices.ts';
import type { NotificationEvent, NotificationsState } from '../../shared/state/notifications.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { derivedId } from '../support/ids.ts';
import type { Deliveries } from './Deliveries.ts';
import type { DirectMessage } from './documents.ts';
import { plan } from './rules.ts';
import type { Settings } from './Settings.ts';

export interface NotifierDeps {
  readonly notifications: StreamsOf<NotificationsState, NotificationEvent>;
  readonly settings: Settings;
  readonly deliveries: Deliveries;
  readonly now: () => number;
}

/** Somebody must be told of something. */
export interface Telling {
  readonly accountId: string;
  readonly notice: Notice;
  /** Why, as a name that is the same whenever and wherever this is asked for again: one cause tells one account once. */
  readonly cause: string;
}

/** The one way to tell somebody: on the page, and where they want it beside. */
export class Notifier {
  readonly #deps: NotifierDeps;

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
  }

  /** Appends one notification; the channels are effects inside its event. Safe to repeat, on any hub. */
  async notify({ accountId, notice, cause }: Telling): Promise<void> {
    const { notifications, settings, now } = this.#deps;
    const planned = plan(notice.kind, await settings.reach(accountId), now());
    await notifications.command(accountId, { key: `notice:${cause}`, accountId, role: 'system' }, () => ({
      type: 'notified',
      data: { notificationId: derivedId('notification', accountId, cause), notice, tag: noticeTag(notice) },
      effects: planned.map(({ channel, at }) => ({ kind: `notify.${channel}`, data: { at } })),
    }));
  }

  /** When the account was last told of this tag and has not read it; null when nothing stands. */
  async standsSince(accountId: string, tag: string): Promise<number | null> {
    const { state } = await this.#deps.notifications.load(accountId);
    return state.items.findLast((item) => item.tag === tag && !item.read)?.at ?? null;
  }

  /** Takes a notification back, wherever it stands unread or read. Safe to repeat. */
  async takeBack(accountId: string, cause: string): Promise<void> {
    const command = { key: `back:${cause}`, accountId, role: 'system' };
    await this.#deps.notifications.command(accountId, command, () => ({
      type: 'dismissed',
      data: { notificationId: derivedId('notification', accountId, cause) },
    }));
  }

  /** A message that is no notification: a code, a link to confirm something. It goes one way, whatever the person chose. */
  async direct(accountId: string, message: DirectMessage, channel: NoticeChannel, usefulMs: number): Promise<void> {
    const notificationId = message.challengeId;
    await this.#deps.deliveries.add({ accountId, channel, notificationId, message, usefulMs, urgent: true });
  }
}

export const usefulMsOf = (notice: Notice): number => noticeRules[notice.kind].usefulMs;
