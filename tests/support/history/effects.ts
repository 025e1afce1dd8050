import {
  emptyQueue,
  isActive,
  queueEvent,
  reduceQueue,
  type QueueEvent,
  type QueueState,
} from '../../../shared/state/queue.ts';
import { byStream } from './log.ts';
import type { Found, FoundEvent } from './types.ts';

type Violations = string[];

/** A queue as its log tells it: the events, the command that each one carries, and what they add up to. */
export interface LoggedQueue {
  readonly events: QueueEvent[];
  readonly commands: (string | undefined)[];
  readonly state: QueueState;
}

export function queuesOf(events: readonly FoundEvent[]): Map<string, LoggedQueue> {
  const queues = new Map<string, LoggedQueue>();
  for (const [stream, stored] of byStream(events)) {
    if (!stream.startsWith('queue:')) continue;
    const own = stored.map((event) => queueEvent.parse(event));
    const commands = stored.map((event) => event.cmd);
    queues.set(stream, { events: own, commands, state: own.reduce(reduceQueue, emptyQueue) });
  }
  return queues;
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
      ...encountersFit(stream, events, state, found),
      ...placesFit(stream, state, found),
      ...roomsFit(stream, events, state, found),
    );
  }
  const visited = new Set(
    [...queuesOf(found.events).values()].flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'started' ? event.data.entryId : [])),
    ),
  );
  if (found.encounters.length !== visited.size)
    wrong.push(`${found.encounters.length} encounters for ${visited.size} started entries`);
  return wrong;
}

/** One visit for everybody whose consultation ever began: under way, over, or void when its beginning was taken back. */
function encountersFit(stream: string, events: readonly QueueEvent[], state: QueueState, found: Found): Violations {
  const wrong: Violations = [];
  const started = new Map(
    events.flatMap((event) => (event.type === 'started' ? [[event.data.entryId, event.data]] : [])),
  );
  for (const { entryId, encounterId } of started.values()) {
    const own = found.encounters.filter((encounter) => encounter.entryId === entryId);
    const [encounter] = own;
    const entry = state.entries[entryId];
    if (!entry || !encounter || own.length !== 1 || encounter._id !== encounterId) {
      wrong.push(`${stream}: ${own.length} encounters for started entry ${entryId}`);
      continue;
    }
    const over = !isActive(entry.state);
    const wanted = entry.encounterId === null ? 'void' : over ? 'completed' : 'in-progress';
    if (encounter.status !== wanted)
      wrong.push(`${stream}: the encounter of ${entryId} (${entry.state}) is ${encounter.status}, not ${wanted}`);
    if (wanted === 'completed' && encounter.endedAt !== entry.endedAt)
      wrong.push(`${stream}: the encounter of ${entryId} ended at another time`);
    if (wanted === 'in-progress' && encounter.endedAt !== null)
      wrong.push(`${stream}: the encounter of ${entryId} goes on and has an end`);
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
function roomsFit(stream: string, events: readonly QueueEvent[], state: QueueState, found: Found): Violations {
  const wrong: Violations = [];
  const called = new Set(events.flatMap((event) => (event.type === 'called' ? event.data.entryId : [])));
  for (const entryId of called) {
    const entry = state.entries[entryId];
    if (entry?.mode !== 'video') continue;
    const room = found.rooms.find((one) => one._id === entryId);
    const open = entry.state === 'called' || entry.state === 'in-consultation';
    if (!room && open) wrong.push(`${stream}: entry ${entryId} is ${entry.state} and has no room`);
    if (room && (room.status === 'open') !== open) {
      wrong.push(`${stream}: entry ${entryId} is ${entry.state} and its room is ${room.status}`);
    }
  }
  return wrong;
}
