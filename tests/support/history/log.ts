import { z } from 'zod';
import type { Attempt, FoundAudit, FoundEvent, RecordedCommand } from './types.ts';

/**
 * The laws of the log against what clients were told. Each function returns the violations it found, in words; an empty
 * list means that the law held.
 */
type Violations = string[];
const fields = z.record(z.string(), z.unknown());

const keyOf = (command: RecordedCommand): string => `${command.accountId}:${command.requestId}`;

/** Per stream: seq 1…n in one epoch, times that never run back, no command twice. */
export function logIsWhole(events: readonly FoundEvent[]): Violations {
  const wrong: Violations = [];
  for (const [stream, own] of byStream(events)) {
    const commands = new Set<string>();
    own.forEach((event, i) => {
      if (event.seq !== i + 1) wrong.push(`${stream}: seq ${event.seq} stands where ${i + 1} belongs`);
      const before = own[i - 1];
      if (before && event.at < before.at) wrong.push(`${stream}: time runs back at seq ${event.seq}`);
      if (before && event.epoch !== before.epoch) wrong.push(`${stream}: the epoch changed at seq ${event.seq}`);
      if (event.cmd === undefined) return;
      if (commands.has(event.cmd)) wrong.push(`${stream}: command ${event.cmd} was appended twice`);
      commands.add(event.cmd);
    });
  }
  return wrong;
}

/** An acknowledged command is in its stream once, as acknowledged, and every acknowledgement of it said the same. */
export function acknowledgedIsThere(commands: readonly RecordedCommand[], events: readonly FoundEvent[]): Violations {
  const wrong: Violations = [];
  const byCommand = groupBy(events, (event) => event.cmd ?? '');
  for (const command of commands) {
    const answers = acknowledgements(command);
    const [first, ...more] = answers;
    if (!first) continue;
    // Where in the line somebody stands now is news, not part of the outcome.
    const outcome = (answer: object): string => JSON.stringify({ ...answer, position: 0 });
    if (more.some((answer) => outcome(answer) !== outcome(first))) {
      wrong.push(`${command.name} ${keyOf(command)}: its acknowledgements differ`);
    }
    const found = byCommand.get(keyOf(command)) ?? [];
    const [event] = found;
    if (!event || found.length !== 1) {
      wrong.push(`${command.name} ${keyOf(command)}: acknowledged, and ${found.length} times in the log`);
      continue;
    }
    if (event.stream !== command.stream)
      wrong.push(`${command.name} ${keyOf(command)}: in ${event.stream}, not ${command.stream}`);
    if (typeof first['seq'] === 'number' && first['seq'] !== event.seq) {
      wrong.push(`${command.name} ${keyOf(command)}: acknowledged as ${first['seq']}, stored as ${event.seq}`);
    }
    const said = Object.entries({ entryId: first['entryId'], messageId: first['messageId'] });
    const stored = fields.parse(event.data);
    for (const [field, value] of said) {
      if (value !== undefined && stored[field] !== undefined && stored[field] !== value) {
        wrong.push(`${command.name} ${keyOf(command)}: ${field} differs from what was acknowledged`);
      }
    }
  }
  return wrong;
}

/**
 * A command whose last answer was a refusal left no event (a repeat of one that did gets that one's answer); what nobody
 * asked for is not there.
 */
export function nothingElseIsThere(commands: readonly RecordedCommand[], events: readonly FoundEvent[]): Violations {
  const asked = new Map(commands.map((command) => [keyOf(command), command]));
  const wrong: Violations = [];
  for (const event of events) {
    // What follows from another desk's event is judged with it (`transfersFit`).
    if (!/^(queue|chat):/.test(event.stream)) continue;
    if (event.cmd === undefined || /^(demo|transfer|return):/.test(event.cmd)) continue;
    const command = asked.get(event.cmd);
    if (!command) wrong.push(`${event.stream}: seq ${event.seq} belongs to a command nobody sent (${event.cmd})`);
    const last = command?.attempts.at(-1);
    if (last?.outcome.kind !== 'refused') continue;
    // An earlier sending that nobody heard of again may have been on its way still, and come in after the refusal.
    const onItsWay = command?.attempts.some((attempt) => attempt.outcome.kind === 'lost') === true;
    if (!onItsWay || (event.committed !== undefined && event.committed < last.sent))
      wrong.push(`${command?.name} ${event.cmd}: in the log, and the last answer was ${last.outcome.code}`);
  }
  return wrong;
}

/** Real time is respected: what was sent after another was acknowledged stands after it. */
export function orderIsKept(commands: readonly RecordedCommand[], events: readonly FoundEvent[]): Violations {
  const wrong: Violations = [];
  const seqOf = new Map(events.map((event) => [event.cmd, event.seq]));
  const byStreamName = groupBy(
    commands.flatMap((command) => {
      const seq = seqOf.get(keyOf(command));
      const acknowledged = firstOk(command)?.answered;
      const sent = Math.min(...command.attempts.map((attempt) => attempt.sent));
      return seq === undefined ? [] : [{ command, seq, sent, acknowledged: acknowledged ?? Infinity }];
    }),
    (one) => one.command.stream,
  );
  for (const [stream, own] of byStreamName) {
    const byAnswer = own.toSorted((a, b) => a.acknowledged - b.acknowledged);
    let highest = 0;
    let next = 0;
    for (const one of own.toSorted((a, b) => a.sent - b.sent)) {
      // An acknowledgement of this very command cannot be older than its first sending, so `highest` is always another's.
      for (let done = byAnswer[next]; done && done.acknowledged < one.sent; done = byAnswer[++next]) {
        highest = Math.max(highest, done.seq);
      }
      if (one.seq < highest) {
        wrong.push(
          `${stream}: ${keyOf(one.command)} was sent after seq ${highest} was acknowledged and stands at ${one.seq}`,
        );
      }
    }
  }
  return wrong;
}

/** An intent was written for every acknowledged command that is audited: as many as were acknowledged, per person and matter. */
export function intentsAreThere(
  commands: readonly RecordedCommand[],
  audit: readonly FoundAudit[],
  audited: (name: RecordedCommand['name']) => boolean,
): Violations {
  const wrong: Violations = [];
  const matter = (account: string, action: string, about: Readonly<Record<string, unknown>>): string =>
    [account, action, about['entryId'] ?? '', about['sessionId'] ?? '', about['patientId'] ?? ''].map(String).join(' ');
  const intents = new Map<string, number>();
  for (const record of audit) {
    if (record.phase !== 'intent') continue;
    const key = matter(record.accountId, record.action, { ...record });
    intents.set(key, (intents.get(key) ?? 0) + 1);
  }
  const needed = new Map<string, number>();
  for (const command of commands) {
    const times = acknowledgements(command).length;
    if (times === 0 || !audited(command.name)) continue;
    const key = matter(command.accountId, command.name, command.input);
    needed.set(key, (needed.get(key) ?? 0) + times);
  }
  for (const [key, times] of needed) {
    const found = intents.get(key) ?? 0;
    if (found < times) wrong.push(`audit: ${found} intents for ${times} acknowledged: ${key}`);
  }
  return wrong;
}

function acknowledgements(command: RecordedCommand): Readonly<Record<string, unknown>>[] {
  return command.attempts.flatMap(({ outcome }) => (outcome.kind === 'ok' ? [outcome.data] : []));
}

function firstOk(command: RecordedCommand): Attempt | undefined {
  return command.attempts.find((attempt) => attempt.outcome.kind === 'ok');
}

export function byStream(events: readonly FoundEvent[]): Map<string, FoundEvent[]> {
  const sorted = [...events].sort((a, b) => a.epoch - b.epoch || a.seq - b.seq);
  return groupBy(sorted, (event) => event.stream);
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
