import { z } from 'zod';
import { alertKind, pauseReason } from '../state/queue.ts';
import { id, instant, priority } from './common.ts';
import type { Permission } from '../permissions.ts';
import { operation } from './define.ts';
import { triageNote, vitals } from './triage.ts';

const ofEntry = z.strictObject({ sessionId: id, entryId: id });
const ofDesk = z.strictObject({ sessionId: id });
const done = z.object({ seq: z.int(), entryId: id });
const deskDone = z.object({ seq: z.int() });

const command = <I extends z.ZodType, O extends z.ZodType>(
  summary: string,
  input: I,
  output: O,
  permission: Permission = 'queue',
) =>
  operation({
    kind: 'command',
    summary,
    input,
    output,
    roles: ['doctor', 'staff'],
    permission,
    rate: 'write',
    audited: true,
    once: 'stream',
  });
const entryCommand = (summary: string) => command(summary, ofEntry, done);

/** What a desk does. Which of these staff may do as well as the doctor is in `server/queue/rules.ts`. */
export const queueDeskOperations = {
  'queue.callNext': command(
    'Call whoever is next. `seen` is the entry called last as the caller knows it; a stale one gets QUEUE_MOVED.',
    z.strictObject({ sessionId: id, seen: id.nullable() }),
    done,
  ),
  'queue.call': command(
    'Call this one out of turn: waiting, on hold or skipped. `seen` as for callNext.',
    z.strictObject({ sessionId: id, entryId: id, seen: id.nullable() }),
    done,
  ),
  'queue.recall': entryCommand('Repeat the call, or call somebody who was skipped.'),
  'queue.start': entryCommand('The consultation begins.'),
  'queue.finish': entryCommand('The consultation is over.'),
  'queue.skip': entryCommand(
    'The called patient did not come: set aside, may be recalled. The third time is a no-show.',
  ),
  'queue.noShow': entryCommand('The patient did not come at all.'),
  'queue.hold': entryCommand('Set aside for a while (a test, a form): out of the line, the place is kept.'),
  'queue.resume': entryCommand('Back from hold, at the place kept.'),
  'queue.requeue': command(
    'Back into the line at a stated place, 1 = next. Those with a higher priority stay before: `position` in the reply is the place given.',
    z.strictObject({ sessionId: id, entryId: id, position: z.int().min(1).max(10_000) }),
    done.extend({ position: z.int().positive() }),
  ),
  'queue.cancel': entryCommand('Take an entry off the list for good.'),
  'queue.prioritise': command(
    'Set an entry’s priority; desk roles only.',
    z.strictObject({ sessionId: id, entryId: id, priority }),
    done,
  ),
  'queue.transfer': command(
    'Send somebody to another open desk of the clinic; the time already waited counts there.',
    z.strictObject({ sessionId: id, entryId: id, toSessionId: id }),
    done.extend({ toEntryId: id }),
  ),
  'queue.markArrived': entryCommand('The patient is here: checked in by the desk.'),
  'queue.scanArrived': command(
    'The patient showed the code of their place link: find it at one of the actor’s desks and check them in.',
    z.strictObject({ clinicId: id, code: z.string().min(20).max(64) }),
    done.extend({ sessionId: id }),
    'register',
  ),
  'queue.acknowledge': command(
    'Somebody takes care of an alert: it ends for everybody.',
    z.strictObject({ sessionId: id, entryId: id, alert: alertKind }),
    done,
  ),
  'queue.triage': operation({
    kind: 'command',
    summary: 'Vitals, a note and a priority, taken by a nurse before the consultation.',
    input: z.strictObject({ sessionId: id, entryId: id, vitals, note: triageNote.optional(), priority }),
    output: done,
    roles: ['doctor', 'staff'],
    permission: 'vitals',
    rate: 'write',
    sensitive: true,
    audited: true,
    once: 'stream',
  }),
  'queue.undo': command(
    'Take back the last thing done about an entry: within five minutes, while nothing happened to it since.',
    z.strictObject({ sessionId: id, entryId: id, undoes: z.int().positive() }),
    done,
  ),
  'queue.pause': command(
    'A break: nobody is called. `until` is what patients are told.',
    z.strictObject({ sessionId: id, reason: pauseReason, until: instant.nullable() }),
    deskDone,
  ),
  'queue.unpause': command('The break is over.', ofDesk, deskDone),
  'queue.closeDesk': command(
    'The desk ends. Who still waits is sent to another desk, or told that it is over for today.',
    z.strictObject({ sessionId: id, rest: z.enum(['cancel', 'transfer']), toSessionId: id.optional() }),
    deskDone.extend({ cancelled: z.int().nonnegative(), moved: z.int().nonnegative() }),
    'desks',
  ),
  'queue.accuracy': operation({
    kind: 'query',
    summary: 'How good the promised waits were, per doctor of a clinic.',
    input: z.strictObject({ clinicId: id, days: z.coerce.number().int().min(1).max(365).default(30) }),
    output: z.object({
      doctors: z.array(
        z.object({
          doctorId: id,
          doctorName: z.string(),
          visits: z.int().nonnegative(),
          /** Share of waits inside the promised range, 0–1. */
          inside: z.number(),
          /** Median of |promised middle − actual wait|, minutes. */
          medianError: z.number(),
          /** The same for "number ahead × slot length", minutes. */
          naiveMedianError: z.number(),
        }),
      ),
    }),
    roles: ['admin', 'doctor'],
    rate: 'read',
  }),
};
