import { OwnerNews } from '../accounts/OwnerNews.ts';
import { Challenges } from '../accounts/Challenges.ts';
import type { Config } from '../config.ts';
import { buildGateways, hookPaths } from '../gateways/build.ts';
import type { Publisher } from '../hub/publish.ts';
import type { AuditLog } from '../store/Audit.ts';
import type { Effects } from '../store/Effects.ts';
import type { Repos } from '../store/Repos.ts';
import type { Streams, StreamsOf } from '../store/streams/index.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { Logger } from '../support/logger.ts';
import type { Metrics } from '../support/metrics.ts';
import { Announcements } from './Announcements.ts';
import { Deliveries } from './Deliveries.ts';
import { Dispatcher } from './Dispatcher.ts';
import { registerNotifyEffects } from './effects.ts';
import { FactFinder } from './FactFinder.ts';
import { notificationsKind } from './kind.ts';
import { Notifier } from './Notifier.ts';
import { notifyHandlers } from './operations.ts';
import { registerQueueNotices } from './queueNotices.ts';
import { Sender } from './Sender.ts';
import { sentRecord } from './sentRecord.ts';
import { NotifyService } from './service.ts';
import { Settings } from './Settings.ts';
import { TelegramInbox } from './TelegramInbox.ts';

export interface NotifyBuildDeps {
  readonly repos: Repos;
  readonly audit: AuditLog;
  readonly streams: Streams;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly effects: Effects;
  readonly publisher: Publisher;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => number;
}

/** Puts the notifications together. */
export function buildNotify(config: Config, deps: NotifyBuildDeps) {
  const { repos, audit, streams, queues, effects, publisher, metrics, log, now } = deps;
  const gateways = buildGateways(config, { repos, now });
  const notifications = streams.of(notificationsKind);
  notifications.onCommit(({ events }) => metrics.committed.inc({ stream: 'notifications' }, events.length));
  const settings = new Settings({ repos, gateways });
  const deliveries = new Deliveries({ repos, now, random: Math.random });
  const challenges = new Challenges({ repos, secret: config.secret, now });
  const notifier = new Notifier({ notifications, settings, deliveries, now });
  const owners = new OwnerNews({ notifier, log });
  const baseUrl = (config.publicUrl ?? `http://localhost:${config.port}`).replace(/\/$/, '');
  const facts = new FactFinder({ repos, queues, notifications, challenges, baseUrl });
  const sender = new Sender({ repos, gateways, settings, facts, now });
  const dispatcher = new Dispatcher({
    ...{ deliveries, sender, facts, log, now },
    onOutcome: (one, outcome) => {
      metrics.messages.inc({ channel: one.channel, outcome });
      audit
        .write(sentRecord(one, outcome))
        .catch((error: unknown) => log.error({ err: error }, 'sending not recorded'));
    },
  });
  const announcements = new Announcements({ repos, notifier, log, now });
  const service = new NotifyService({
    ...{ repos, notifications, notifier, settings, deliveries, challenges, gateways, publisher, now },
    region: config.region,
    phoneChanged: (accountId, change) => owners.tell(accountId, change),
  });
  registerNotifyEffects(effects, { repos, deliveries });
  registerQueueNotices(effects, { repos, notifier });

  const { telegram } = gateways;
  const inbox = telegram ? new TelegramInbox({ bot: telegram, challenges, settings, repos, log, now }) : null;
  const webhookSecret = config.messaging.telegram?.webhookSecret ?? null;
  const stopping = new AbortController();
  if (telegram && webhookSecret !== null && config.publicUrl !== null) {
    void telegram.useWebhook(new URL(hookPaths.telegram, config.publicUrl).href, webhookSecret).then((done) => {
      if (!done) log.warn('Telegram did not take the webhook; linking works once it does');
    });
  }

  return {
    notifier,
    owners,
    challenges,
    sendsMail: gateways.mailer !== null,
    /** How codes can leave the house. */
    sends: { sms: gateways.sms !== null, email: gateways.mailer !== null },
    handlers: notifyHandlers({ service, settings, deliveries, announcements, gateways }),
    source: service.source,
    /** For the webhooks of providers. */
    hooks: { deliveries, inbox, messaging: config.messaging, publicUrl: config.publicUrl },
    /** Regular work: what other hubs left, tellings that were interrupted. */
    sweep: async (): Promise<void> => {
      dispatcher.kick();
      await announcements.tell();
    },
    /** Asks the bot's server for news, where it cannot call us. Null when there is nothing to ask. */
    pollTelegram: inbox && webhookSecret === null ? () => inbox.poll(stopping.signal) : null,
    stop: async (): Promise<void> => {
      stopping.abort();
      await owners.settle();
      await announcements.settle();
      await effects.settle();
      await dispatcher.stop();
      await gateways.mailer?.close();
    },
  };
}
