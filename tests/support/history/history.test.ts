import { describe, expect, test } from 'vitest';
import { effectsRanOnce } from './effects.ts';
import { acknowledgedIsThere, intentsAreThere, logIsWhole, nothingElseIsThere, orderIsKept } from './log.ts';
import { queueRulesHeld } from './steps.ts';
import { transfersFit } from './transfers.ts';
import type { Found, FoundEvent, RecordedCommand } from './types.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const session = uuid(1);
const stream = `queue:${session}`;
const [first, second] = [uuid(11), uuid(12)];
const me = uuid(99);

const done = (kind: string) => ({ id: kind, kind, state: 'done' });
const event = (seq: number, type: string, data: object, effects: string[] = []): FoundEvent => ({
  stream,
  epoch: 1,
  seq,
  at: 1_000 * seq,
  v: 1,
  type,
  data,
  cmd: `${me}:request-${seq}`,
  ...(effects.length > 0 ? { effects: effects.map(done) } : {}),
});
const joined = (seq: number, entryId: string, token: number): FoundEvent =>
  event(seq, 'joined', {
    entryId,
    patientId: uuid(20 + token),
    token,
    mode: 'video',
    source: 'online',
    priority: 'normal',
  });
const of = (entryId: string) => ({ entryId });

const events: FoundEvent[] = [
  joined(1, first, 1),
  joined(2, second, 2),
  event(3, 'called', of(first), ['room.open']),
  event(4, 'started', { entryId: first, encounterId: uuid(31) }, ['encounter.open']),
  event(5, 'finished', of(first), ['encounter.close', 'room.close', 'place.release']),
  event(6, 'called', of(second), ['room.open']),
];
const names = ['queue.join', 'queue.join', 'queue.callNext', 'queue.start', 'queue.finish', 'queue.callNext'] as const;
const commands: RecordedCommand[] = events.map((one, i) => {
  const about = one.data as { entryId: string };
  return {
    requestId: `request-${one.seq}`,
    accountId: me,
    name: names[i] ?? 'queue.join',
    input: { sessionId: session },
    stream,
    attempts: [
      { sent: 10 * i, answered: null, outcome: { kind: 'lost' } },
      {
        sent: 10 * i + 2,
        answered: 10 * i + 5,
        outcome: { kind: 'ok', data: { seq: one.seq, entryId: about.entryId } },
      },
    ],
  };
});
const found: Found = {
  events,
  places: [
    { _id: first, patientId: uuid(21), sessionId: session },
    { _id: second, patientId: uuid(22), sessionId: session, active: true },
  ],
  encounters: [{ _id: uuid(31), entryId: first, patientId: uuid(21), status: 'completed', endedAt: 5_000 }],
  rooms: [
    { _id: first, status: 'closed' },
    { _id: second, status: 'open' },
  ],
  audit: commands.map((one) => ({ accountId: me, action: one.name, phase: 'intent', sessionId: session })),
};

/** All laws at once, as the chaos test applies them. */
function violations(sent: readonly RecordedCommand[], after: Found): string[] {
  return [
    ...logIsWhole(after.events),
    ...acknowledgedIsThere(sent, after.events),
    ...nothingElseIsThere(sent, after.events),
    ...orderIsKept(sent, after.events),
    ...queueRulesHeld(after.events, sent),
    ...effectsRanOnce(after),
    ...transfersFit(after),
    ...intentsAreThere(sent, after.audit, () => true),
  ];
}
const swap = (at: number, change: Partial<FoundEvent>): Found => ({
  ...found,
  events: events.map((one, i) => (i === at ? { ...one, ...change } : one)),
});
const drop = <T>(all: readonly T[], at: number): T[] => all.filter((_one, i) => i !== at);

describe('the laws of a history', () => {
  test('hold for a true one', () => {
    expect(violations(commands, found)).toEqual([]);
  });

  const last = commands[5] as RecordedCommand;
  const ended = { ...found, events: drop(events, 5), rooms: drop(found.rooms, 1) };
  const planted: [string, RegExp, readonly RecordedCommand[], Found][] = [
    ['a lost acknowledged command', /acknowledged, and 0 times/, commands, ended],
    [
      'a command appended twice',
      /appended twice/,
      commands,
      { ...found, events: [...events, { ...event(7, 'recalled', of(second)), cmd: `${me}:request-6` }] },
    ],
    ['a skipped seq', /seq 7 stands where 6 belongs/, commands, swap(5, { seq: 7 })],
    [
      'a seq other than the acknowledged',
      /acknowledged as 7, stored as 6/,
      [
        ...drop(commands, 5),
        { ...last, attempts: [{ sent: 51, answered: 52, outcome: { kind: 'ok', data: { seq: 7 } } }] },
      ],
      found,
    ],
    [
      'two acknowledgements that differ',
      /acknowledgements differ/,
      [
        ...drop(commands, 5),
        {
          ...last,
          attempts: [...last.attempts, { sent: 60, answered: 61, outcome: { kind: 'ok', data: { seq: 9 } } }],
        },
      ],
      found,
    ],
    [
      'a reordering against real time',
      /sent after seq 2 was acknowledged and stands at 1/,
      commands.map((one, i) =>
        i > 1
          ? one
          : {
              ...one,
              attempts: [
                { sent: 10 * (1 - i), answered: 10 * (1 - i) + 5, outcome: { kind: 'ok', data: { seq: i + 1 } } },
              ],
            },
      ),
      found,
    ],
    [
      'a refused command that happened',
      /the last answer was QUEUE_MOVED/,
      [
        ...drop(commands, 5),
        { ...last, attempts: [{ sent: 51, answered: 52, outcome: { kind: 'refused', code: 'QUEUE_MOVED' } }] },
      ],
      found,
    ],
    ['a command nobody sent', /nobody sent/, drop(commands, 5), found],
    ['time that runs back', /time runs back/, commands, swap(5, { at: 1 })],
    ['a changed epoch', /epoch changed/, commands, swap(5, { epoch: 2 })],
    [
      'a token given twice',
      /token 1 instead of 2/,
      commands,
      swap(1, { data: { ...(events[1]?.data as object), token: 1 } }),
    ],
    [
      'a call while somebody is at the desk',
      /while somebody is at the desk/,
      commands,
      swap(4, { type: 'called', data: of(second) }),
    ],
    ['a call out of order', /not the next in order/, commands, swap(2, { data: of(second) })],
    [
      'an effect that did not run',
      /room.open is pending/,
      commands,
      swap(5, { effects: [{ id: 'x', kind: 'room.open', state: 'pending' }] }),
    ],
    ['an effect still due', /still has something due/, commands, swap(5, { due: 9 })],
    ['a dead effect', /is dead/, commands, swap(5, { effects: [{ id: 'x', kind: 'room.open', state: 'dead' }] })],
    ['a missing encounter', /0 encounters for started/, commands, { ...found, encounters: [] }],
    [
      'a second encounter',
      /2 encounters for/,
      commands,
      { ...found, encounters: [...found.encounters, { ...found.encounters[0]!, _id: uuid(32) }] },
    ],
    [
      'an encounter left open',
      /is in-progress, not completed/,
      commands,
      { ...found, encounters: [{ ...found.encounters[0]!, status: 'in-progress' }] },
    ],
    [
      'a place never released',
      /is done and its place is held/,
      commands,
      { ...found, places: [{ ...found.places[0]!, active: true }, found.places[1]!] },
    ],
    ['a place lost', /has no place/, commands, { ...found, places: drop(found.places, 1) }],
    [
      'a join left half done',
      /still unfinished/,
      commands,
      { ...found, places: [found.places[0]!, { ...found.places[1]!, joiningSince: 4 }] },
    ],
    [
      'a claim that blocks for ever',
      /held and never joined/,
      commands,
      { ...found, places: [...found.places, { _id: uuid(13), patientId: uuid(23), sessionId: session, active: true }] },
    ],
    [
      'a room left open',
      /is done and its room is open/,
      commands,
      { ...found, rooms: [{ _id: first, status: 'open' }, found.rooms[1]!] },
    ],
    ['a room that is missing', /is called and has no room/, commands, { ...found, rooms: drop(found.rooms, 1) }],
    ['a missing audit intent', /1 intents for 2 acknowledged/, commands, { ...found, audit: drop(found.audit, 0) }],
  ];

  test.each(planted)('%s is caught', (_what, words, sent, after) => {
    expect(violations(sent, after).join('\n')).toMatch(words);
  });
});
