import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { Announcements } from './Announcements.ts';
import type { NotifyService } from './service.ts';
import type { Deliveries } from './Deliveries.ts';
import type { Gateways } from '../gateways/types.ts';
import type { Settings } from './Settings.ts';

/** The operations of notifications and announcements, each onto its use case. */
export function notifyHandlers(deps: {
  readonly service: NotifyService;
  readonly settings: Settings;
  readonly deliveries: Deliveries;
  readonly announcements: Announcements;
  readonly gateways: Gateways;
}): HandlersOf<'notify'> & HandlersOf<'announcements'> {
  const { service, settings, deliveries, announcements, gateways } = deps;
  return {
    'notify.read': (context, input) => service.read(actorOf(context), context.requestId, input),
    'notify.readAll': (context, input) => service.readAll(actorOf(context), context.requestId, input),
    'notify.dismiss': (context, input) => service.dismiss(actorOf(context), context.requestId, input),
    'notify.preferences': (context) => settings.view(actorOf(context).actor.account),
    'notify.setPreferences': (context, input) => service.setPreferences(actorOf(context), input),
    'notify.setPhone': (context, input) => service.setPhone(actorOf(context), input),
    'notify.verifyPhone': (context, input) => service.verifyPhone(actorOf(context), input),
    'notify.removePhone': (context) => service.removePhone(actorOf(context)),
    'notify.vapidKey': () => Promise.resolve({ key: gateways.push?.publicKey ?? null }),
    'notify.subscribePush': (context, input) => service.subscribePush(actorOf(context), input),
    'notify.unsubscribePush': (context, input) => service.unsubscribePush(actorOf(context), input),
    'notify.telegramLink': (context) => service.telegramLink(actorOf(context)),
    'notify.telegramUnlink': (context) => service.telegramUnlink(actorOf(context)),
    'notify.outbox': (_context, input) => service.outbox(input.limit),
    'notify.deadLetters': async (_context, input) => ({ deliveries: await deliveries.troubled(input.limit) }),
    'notify.retryDelivery': (_context, input) => service.retryDelivery(input),
    'notify.discardDelivery': (_context, input) => service.discardDelivery(input),
    'announcements.publish': (context, input) => announcements.publish(actorOf(context), context.requestId, input),
    'announcements.withdraw': (context, input) => announcements.withdraw(actorOf(context), input.announcementId),
    'announcements.list': async (context, input) => ({
      announcements: await announcements.list(actorOf(context), input.limit),
    }),
    'announcements.mine': async (context) => ({ announcements: await announcements.mine(actorOf(context)) }),
  };
}
