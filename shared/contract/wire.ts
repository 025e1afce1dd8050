import { z } from 'zod';
import { isErrorCode } from '../errors.ts';

/** The envelopes around everything that crosses the wire. Both sides parse them; a frame that does not fit is refused. */

/** Bumped when an old client could misread a new server. */
export const contractVersion = 1;

export const requestId = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);

export const errorReply = z.object({
  ok: z.literal(false),
  error: z.object({
    code: z.string().refine(isErrorCode, 'unknown code'),
    message: z.string(),
    traceId: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type ErrorReply = z.infer<typeof errorReply>;
export const okReply = z.object({ ok: z.literal(true), data: z.unknown() });
export const reply = z.discriminatedUnion('ok', [okReply, errorReply]);
export type Reply = z.infer<typeof reply>;

/** Socket handshake `auth`. Without a token (null): public operations and channels only, for whoever holds a key. */
export const handshake = z.object({ token: z.string().min(1).max(4096).nullable(), contract: z.int() });

/** Client → hub, event `op`, answered by an ack with a {@link reply}. */
export const opFrame = z.strictObject({
  name: z.string().max(64),
  input: z.unknown(),
  requestId: requestId.optional(),
});

/** Where a client stands in a stream. */
export const position = z.object({ epoch: z.int().positive(), seq: z.int().nonnegative() });
export type Position = z.infer<typeof position>;

/** Client → hub, events `subscribe` and `unsubscribe`. `since` asks for the events after it instead of a snapshot. */
export const subscribeFrame = z.strictObject({
  channel: z.string().max(32),
  key: z.string().max(64),
  since: position.optional(),
});
export const unsubscribeFrame = z.strictObject({ channel: z.string().max(32), key: z.string().max(64) });

/** A view's revision: its source's epoch and seq, then a tick; compared in that order, last one wins. */
export const revision = z.tuple([z.int(), z.int(), z.int()]);
export type Revision = z.infer<typeof revision>;

/** The data of a `subscribe` reply. */
export const subscribed = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot'), epoch: z.int(), seq: z.int(), state: z.unknown() }),
  z.object({ kind: z.literal('events'), epoch: z.int(), from: z.int(), to: z.int(), events: z.array(z.unknown()) }),
  z.object({ kind: z.literal('view'), rev: revision, state: z.unknown() }),
]);
export type Subscribed = z.infer<typeof subscribed>;

/** Hub → client, event `batch`: events `from`…`to` of a stream, in order, none missing. */
export const batchFrame = z.object({
  channel: z.string(),
  key: z.string(),
  epoch: z.int(),
  from: z.int(),
  to: z.int(),
  events: z.array(z.unknown()),
});
export type BatchFrame = z.infer<typeof batchFrame>;

/** Hub → client, event `view`: the latest state of a view. */
export const viewFrame = z.object({ channel: z.string(), key: z.string(), rev: revision, state: z.unknown() });
export type ViewFrame = z.infer<typeof viewFrame>;

/**
 * Hub → client, event `patch`: what changed of a view that is a record by id, since its revision `from`. Who stands elsewhere
 * subscribes anew.
 */
export const patchFrame = z.object({
  channel: z.string(),
  key: z.string(),
  from: revision,
  rev: revision,
  set: z.record(z.string(), z.unknown()),
  gone: z.array(z.string()),
});
export type PatchFrame = z.infer<typeof patchFrame>;

/** Client → hub, event `activity`: nobody is at this device (hidden or idle), or somebody is again. Acknowledged with a reply. */
export const activityFrame = z.strictObject({ away: z.boolean() });

/** Hub → client, event `move`: this hub stops; connect anew at a random moment within that time, it leads to another hub. */
export const moveFrame = z.object({ withinMs: z.int().nonnegative() });
export type MoveFrame = z.infer<typeof moveFrame>;

/** Hub → client, event `closed`: a subscription ended because access was taken away. */
export const closedFrame = z.object({ channel: z.string(), key: z.string() });
export type ClosedFrame = z.infer<typeof closedFrame>;

/** Hub → client, event `resync`: frames of this channel were left out because the socket did not keep up; subscribe anew. */
export const resyncFrame = z.object({ channel: z.string(), key: z.string() });
export type ResyncFrame = z.infer<typeof resyncFrame>;

/** True when `a` is newer than `b`. */
export function isNewer(a: Revision, b: Revision): boolean {
  for (let i = 0; i < 3; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    if (left !== right) return left > right;
  }
  return false;
}
