import {
  atDesk,
  emptyQueue,
  isActive,
  queueEvent,
  reduceQueue,
  waitingOrder,
  type QueueEvent,
  type QueueState,
} from '../../../shared/state/queue.ts';
import { byStream } from './log.ts';
import type { Found, FoundEvent } from './types.ts';

type Violations = string[];

/** The queues as their logs tell them. */
export function queuesOf(events: readonly FoundEvent[]): Map<string, { events: QueueEvent[]; state: QueueState }> {
  const queues = new Map<string, { events: QueueEvent[]; state: QueueState }>();
  for (const [stream, stored] of byStream(events)) {
    if (!stream.startsWith('queue:')) continue;
    const own = stored.map((event) => queueEvent.parse(event));
    queues.set(stream, { events: own, state: own.reduce(reduceQueue, emptyQueue) });
  }
  return queues;
}

/** Tokens 1…n in order of joining; one patient at the desk at a time; calls follow the waiting order; no step out of turn. */
export function queueRulesHeld(events: readonly FoundEvent[]): Violations {
  const wrong: Violations = [];
  for (const [stream, { events: own }] of queuesOf(events)) {
    let state = emptyQueue;
    for (const event of own) {
      const problem = stepProblem(state, event);
      if (problem !== null) wrong.push(`${stream}: seq ${event.seq} ${event.type}: ${problem}`);
      state = reduceQueue(state, event);
    }
  }
  return wrong;
}

function stepProblem(state: QueueState, event: QueueEvent): string | null {
  if (event.type === 'joined') {
    if (state.entries[event.data.entryId]) return 'this entry had joined already';
    return event.data.token === state.nextToken ? null : `token ${event.data.token} instead of ${state.nextToken}`;
  }
  const entry = state.entries[event.data.entryId];
  if (!entry) return 'an entry that never joined';
  switch (event.type) {
    case 'called':
      if (atDesk(state)) return 'while somebody is at the desk';
      if (entry.state === 'skipped') return null;
      return waitingOrder(state)[0]?.id === entry.id ? null : 'not the next in order';
    case 'recalled':
    case 'started':
    case 'skipped':
      return entry.state === 'called' ? null : `on one who is ${entry.state}`;
    case 'finished':
      return entry.state === 'in-consultation' ? null : `on one who is ${entry.state}`;
    case 'cancelled':
    case 'prioritised':
      return ['waiting', 'called', 'skipped'].includes(entry.state) ? null : `on one who is ${entry.state}`;
  }
}

/** Every effect of every event was carried out, and what it should have left behind is there once. */
export function effectsRanOnce(found: Found): Violations {
  const wrong: Violations = [];
  for (const event of found.events) {
    if (event.due !== undefined) wrong.push(`${event.stream}: seq ${event.seq} ${event.type} still has something due`);
    for (const effect of event.effects ?? []) {
      if (effect.state !== 'done') wrong.push(`${event.stream}: seq ${event.seq}: ${effect.kind} is ${effect.state}`);
    }
  }
  for (const [stream, { events, state }] of queuesOf(found.events)) {
    wrong.push(
      ...encountersFit(stream, events, found),
      ...placesFit(stream, state, found),
      ...roomsFit(stream, events, found),
    );
  }
  const started = found.events.filter((event) => event.type === 'started').length;
  if (found.encounters.length !== started)
    wrong.push(`${found.encounters.length} encounters for ${started} started entries`);
  return wrong;
}

function encountersFit(stream: string, events: readonly QueueEvent[], found: Found): Violations {
  const wrong: Violations = [];
  for (const event of events) {
    if (event.type !== 'started') continue;
    const { entryId, encounterId } = event.data;
    const own = found.encounters.filter((encounter) => encounter.entryId === entryId);
    const [encounter] = own;
    if (!encounter || own.length !== 1 || encounter._id !== encounterId) {
      wrong.push(`${stream}: ${own.length} encounters for started entry ${entryId}`);
      continue;
    }
    const end = events.find((other) => other.type === 'finished' && other.data.entryId === entryId);
    const wanted = end ? 'completed' : 'in-progress';
    if (encounter.status !== wanted)
      wrong.push(`${stream}: the encounter of ${entryId} is ${encounter.status}, not ${wanted}`);
    if (end && encounter.endedAt !== end.at) wrong.push(`${stream}: the encounter of ${entryId} ended at another time`);
  }
  return wrong;
}

function placesFit(stream: string, state: QueueState, found: Found): Violations {
  const wrong: Violations = [];
  const sessionId = stream.slice('queue:'.length);
  const places = new Map(
    found.places.filter((place) => place.sessionId === sessionId).map((place) => [place._id, place]),
  );
  for (const entry of Object.values(state.entries)) {
    const place = places.get(entry.id);
    if (!place) {
      wrong.push(`${stream}: entry ${entry.id} has no place`);
      continue;
    }
    if ((place.active === true) !== isActive(entry.state)) {
      wrong.push(
        `${stream}: entry ${entry.id} is ${entry.state} and its place is ${place.active ? 'held' : 'released'}`,
      );
    }
    if (place.joiningSince !== undefined) wrong.push(`${stream}: the join of ${entry.id} is still unfinished`);
  }
  for (const place of places.values()) {
    if (!state.entries[place._id] && place.active) wrong.push(`${stream}: place ${place._id} is held and never joined`);
  }
  return wrong;
}

/** A room is open exactly while its entry is called or in consultation. */
function roomsFit(stream: string, events: readonly QueueEvent[], found: Found): Violations {
  const wrong: Violations = [];
  const state = events.reduce(reduceQueue, emptyQueue);
  for (const entry of Object.values(state.entries)) {
    if (entry.mode !== 'video' || entry.calledAt === null) continue;
    const room = found.rooms.find((one) => one._id === entry.id);
    const open = entry.state === 'called' || entry.state === 'in-consultation';
    if (!room && open) wrong.push(`${stream}: entry ${entry.id} is ${entry.state} and has no room`);
    if (room && (room.status === 'open') !== open) {
      wrong.push(`${stream}: entry ${entry.id} is ${entry.state} and its room is ${room.status}`);
    }
  }
  return wrong;
}
