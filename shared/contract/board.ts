import { z } from 'zod';
import { id, instant, line } from './common.ts';
import { operation, view } from './define.ts';
import { deskPause } from './queueViews.ts';

/** One desk on a board. Tokens only: a board hangs where everybody can read it. */
export const boardDesk = z.object({
  sessionId: id,
  doctorName: z.string(),
  label: z.string(),
  /** Who is called or in consultation; `call` rises with every call and repeated call, so that each is announced. */
  now: z.object({ token: z.string(), state: z.enum(['called', 'in-consultation']), call: z.int() }).nullable(),
  /** Who comes next, at most two. */
  next: z.array(z.string()).max(2),
  waiting: z.int().nonnegative(),
  pause: deskPause.nullable(),
});
export type BoardDesk = z.infer<typeof boardDesk>;

/** A public now-serving board of a clinic, or of one doctor at it. */
export const board = z.object({ clinicName: z.string(), zone: z.string(), desks: z.array(boardDesk) });
export type Board = z.infer<typeof board>;

/** A board as its clinic manages it. Whoever knows its id can look at it: it is the key, unguessable and revocable. */
export const boardCard = z.object({
  id,
  clinicId: id,
  doctorId: id.nullable(),
  doctorName: z.string().nullable(),
  name: z.string(),
  createdAt: instant,
});
export type BoardCard = z.infer<typeof boardCard>;

export const boardOperations = {
  'board.list': operation({
    kind: 'query',
    summary: 'Boards of a clinic.',
    input: z.strictObject({ clinicId: id }),
    output: z.object({ boards: z.array(boardCard) }),
    roles: ['doctor', 'staff', 'admin'],
    rate: 'read',
  }),
  'board.create': operation({
    kind: 'command',
    summary: 'Make a public board, of the whole clinic or of one doctor.',
    input: z.strictObject({ clinicId: id, doctorId: id.nullable(), name: line(60) }),
    output: z.object({ boardId: id }),
    roles: ['doctor', 'staff', 'admin'],
    permission: 'desks',
    rate: 'write',
    audited: true,
    once: 'document',
  }),
  'board.remove': operation({
    kind: 'command',
    summary: 'Take a board down: its address stops working at once.',
    input: z.strictObject({ boardId: id }),
    output: z.object({ boardId: id }),
    roles: ['doctor', 'staff', 'admin'],
    permission: 'desks',
    rate: 'write',
    audited: true,
    once: 'document',
  }),
};

export const boardChannels = {
  board: view({
    summary: 'A public board. Key: board id. No sign-in.',
    roles: 'public',
    key: id,
    state: board,
  }),
};
