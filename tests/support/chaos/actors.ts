import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { atDesk, waitingOrder } from '../../../shared/state/queue.ts';
import type { Player } from './Player.ts';
import type { Random } from './random.ts';

/** What people at a clinic do, over and over, until the burst is over or their connection breaks. */
export interface Burst {
  readonly random: Random;
  readonly sessions: readonly string[];
  over(): boolean;
  /** Desks may come to their end. */
  readonly closes?: boolean;
}

const place = z.object({ entryId: z.string(), sessionId: z.string().optional() });

/** Sends, sometimes twice as a client does whose answer got lost, and breathes. */
export async function act(burst: Burst, player: Player, ...[name, input, stream]: Parameters<Player['send']>) {
  const result = await player.send(name, input, stream);
  if (result.outcome.kind !== 'lost' && burst.random.chance(0.08)) await player.attempt(result.command);
  await delay(burst.random.int(0, 25));
  return result;
}

export async function doctor(burst: Burst, player: Player, sessionId: string): Promise<void> {
  const stream = `queue:${sessionId}`;
  const { random } = burst;
  while (!burst.over() && player.connected) {
    const state = player.queue(sessionId);
    const busy = atDesk(state);
    const skipped = Object.values(state.entries).find((entry) => entry.state === 'skipped');
    if (busy?.state === 'called') {
      const name = random.chance(0.75) ? 'queue.start' : random.chance(0.6) ? 'queue.skip' : 'queue.recall';
      await act(burst, player, name, { sessionId, entryId: busy.id }, stream);
    } else if (busy) {
      if (random.chance(0.5)) await say(burst, player, busy.id);
      else await act(burst, player, 'queue.finish', { sessionId, entryId: busy.id }, stream);
    } else if (skipped && random.chance(0.3)) {
      await act(burst, player, 'queue.recall', { sessionId, entryId: skipped.id }, stream);
    } else {
      await act(burst, player, 'queue.callNext', { sessionId, seen: state.current }, stream);
    }
  }
}

export async function staff(burst: Burst, player: Player): Promise<void> {
  const { random } = burst;
  while (!burst.over() && player.connected) {
    const sessionId = random.pick(burst.sessions) ?? '';
    const stream = `queue:${sessionId}`;
    const state = player.queue(sessionId);
    const somebody = random.pick(waitingOrder(state));
    const dice = random.next();
    if (dice < 0.55 || !somebody) {
      const person = {
        name: `Walk In ${random.int(1, 9_999)}`,
        age: random.int(1, 90),
        gender: 'unstated',
        reason: 'Fever',
      };
      await act(burst, player, 'queue.addWalkIn', { sessionId, ...person }, stream);
    } else if (dice < 0.7) {
      const priority = random.pick(['normal', 'urgent', 'emergency']);
      await act(burst, player, 'queue.prioritise', { sessionId, entryId: somebody.id, priority }, stream);
    } else if (dice < 0.85) {
      await act(burst, player, 'queue.callNext', { sessionId, seen: state.current }, stream);
    } else {
      await act(burst, player, 'queue.cancel', { sessionId, entryId: somebody.id }, stream);
    }
  }
}

/** Remembers where each patient last was; shared over the rounds. */
export type Whereabouts = Map<string, { entryId: string; sessionId: string }>;

export async function patient(burst: Burst, player: Player, where: Whereabouts): Promise<void> {
  const { random } = burst;
  while (!burst.over() && player.connected) {
    const patientId = random.pick(player.patientIds) ?? '';
    const now = where.get(patientId);
    const dice = random.next();
    if (!now || dice < 0.4) {
      const sessionId = random.pick(burst.sessions) ?? '';
      const wish = { sessionId, patientId, mode: random.chance(0.7) ? 'video' : 'in-person', reason: 'Cough' };
      const { outcome, details } = await act(burst, player, 'queue.join', wish, `queue:${sessionId}`);
      const taken = place.safeParse(outcome.kind === 'ok' ? outcome.data : details);
      if (taken.success) where.set(patientId, { sessionId, ...taken.data });
    } else if (dice < 0.9) {
      await say(burst, player, now.entryId);
    } else {
      // Where it is queued is the entry's own affair; the law only needs the stream it must appear in.
      await act(burst, player, 'queue.leave', { entryId: now.entryId }, `queue:${now.sessionId}`);
    }
  }
}

async function say(burst: Burst, player: Player, entryId: string): Promise<void> {
  const text = `message ${burst.random.int(1, 1_000_000)}`;
  await act(burst, player, 'chat.send', { threadId: entryId, text }, `chat:${entryId}`);
}
