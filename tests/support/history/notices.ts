import { z } from 'zod';
import { byStream } from './log.ts';
import type { FoundEvent } from './types.ts';

const notified = z.object({ notificationId: z.string() });

/** Nobody is notified twice of the same thing. */
export function notifiedOnce(events: readonly FoundEvent[]): string[] {
  const wrong: string[] = [];
  for (const [stream, own] of byStream(events)) {
    if (!stream.startsWith('notifications:')) continue;
    const seen = new Set<string>();
    for (const event of own) {
      if (event.type !== 'notified') continue;
      const { notificationId } = notified.parse(event.data);
      if (seen.has(notificationId)) wrong.push(`${stream}: seq ${event.seq}: notified of ${notificationId} again`);
      seen.add(notificationId);
    }
  }
  return wrong;
}
