import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { atDesk } from '../../../shared/state/queue.ts';
import { act, type Burst, type Whereabouts } from './actors.ts';
import type { Player } from './Player.ts';
import { chatWish, deskWish, patientWish, type Wish } from './wishes.ts';

/** People who use everything a clinic's day has: the same choices as in the simulation, over real connections. */
const place = z.object({ entryId: z.string(), sessionId: z.string().optional() });
const posted = z.object({ messageId: z.string(), seq: z.int() });

async function give(burst: Burst, player: Player, { name, input, stream }: Wish) {
  return await act(burst, player, name, { ...input }, stream);
}

/** Writes, and now and then changes or takes back what was written. */
async function write(burst: Burst, player: Player, entryId: string): Promise<void> {
  const { random } = burst;
  const { outcome } = await give(burst, player, chatWish(random, entryId));
  const message = posted.safeParse(outcome.kind === 'ok' ? outcome.data : null);
  if (!message.success || !random.chance(0.4)) return;
  const of = { threadId: entryId, messageId: message.data.messageId };
  const stream = `chat:${entryId}`;
  if (random.chance(0.7)) await act(burst, player, 'chat.edit', { ...of, text: 'changed' }, stream);
  else await act(burst, player, 'chat.delete', of, stream);
}

export async function deskCrew(
  burst: Burst,
  player: Player,
  own: readonly string[],
  role: 'doctor' | 'staff',
): Promise<void> {
  const { random } = burst;
  while (!burst.over() && player.connected) {
    const sessionId = random.pick(own) ?? '';
    const state = player.queue(sessionId);
    const busy = atDesk(state);
    if (role === 'doctor' && busy?.mode === 'video' && random.chance(0.2)) {
      await write(burst, player, busy.id);
      continue;
    }
    const others = burst.sessions.filter((one) => one !== sessionId);
    const wish = deskWish({ random, sessionId, others, state, role, now: Date.now(), crowd: 8 });
    if (state.closedAt !== null) await delay(50);
    // The end of a desk has a round of its own.
    if (wish.name !== 'queue.closeDesk' || burst.closes) await give(burst, player, wish);
  }
}

export async function patientCrew(burst: Burst, player: Player, where: Whereabouts): Promise<void> {
  const { random, sessions } = burst;
  while (!burst.over() && player.connected) {
    const patientId = random.pick(player.patientIds) ?? '';
    const now = where.get(patientId);
    const wish = patientWish({ random, sessions, patientId, place: now, chats: true });
    if (wish.name === 'chat.send' && now) {
      await write(burst, player, now.entryId);
      continue;
    }
    const { outcome, details } = await give(burst, player, wish);
    if (wish.name !== 'queue.join') continue;
    const taken = place.safeParse(outcome.kind === 'ok' ? outcome.data : details);
    if (!taken.success) continue;
    const sessionId = String(wish.input['sessionId']);
    where.set(patientId, { sessionId, ...taken.data });
  }
}
