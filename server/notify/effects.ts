import { z } from 'zod';
import { notice, noticeChannels } from '../../shared/state/notices.ts';
import type { EffectContext, Effects } from '../store/Effects.ts';
import type { Repos } from '../store/Repos.ts';
import type { Deliveries } from './Deliveries.ts';
import { noticeRules } from '../../shared/state/notices.ts';

const notified = z.object({ notificationId: z.string(), notice });
const when = z.object({ at: z.number() });

/** What follows from a notification beside the page: one message per channel, and per browser for push. */
export function registerNotifyEffects(effects: Effects, deps: { repos: Repos; deliveries: Deliveries }): void {
  for (const channel of noticeChannels) {
    effects.on(`notify.${channel}`, async (context) => {
      const targets = channel === 'push' ? await devicesOf(context) : [''];
      const { notificationId, notice: message } = notified.parse(context.event.data);
      const { urgent, usefulMs } = noticeRules[message.kind];
      const { at } = when.parse(context.effect.data);
      const accountId = accountOf(context);
      for (const target of targets) {
        await deps.deliveries.add({ accountId, channel, target, notificationId, message, urgent, usefulMs, at });
      }
    });
  }

  async function devicesOf(context: EffectContext): Promise<string[]> {
    const devices = await deps.repos.pushDevices.many({ accountId: accountOf(context) });
    return devices.map((device) => device._id);
  }
}

/** `notifications:<account id>`. */
function accountOf({ event }: EffectContext): string {
  return event.stream.slice(event.stream.indexOf(':') + 1);
}
