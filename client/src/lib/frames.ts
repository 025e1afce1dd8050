import type { Socket } from 'socket.io-client';
import type { z } from 'zod';
import {
  batchFrame,
  closedFrame,
  moveFrame,
  patchFrame,
  resyncFrame,
  viewFrame,
  type BatchFrame,
  type ClosedFrame,
  type MoveFrame,
  type PatchFrame,
  type ResyncFrame,
  type ViewFrame,
} from '../../../shared/contract/wire.ts';

/** What a hub says unasked. */
export interface FrameListener {
  batch(frame: BatchFrame): void;
  view(frame: ViewFrame): void;
  patch(frame: PatchFrame): void;
  closed(frame: ClosedFrame): void;
  resync(frame: ResyncFrame): void;
  move(frame: MoveFrame): void;
}

/** Hands every frame on that fits the contract; `heard` is called for whatever comes and says whether it counts. */
export function onFrames(socket: Socket, heard: () => boolean, listener: FrameListener): void {
  const on = <T>(name: keyof FrameListener, schema: z.ZodType<T>, take: (frame: T) => void) =>
    socket.on(name, (raw: unknown) => {
      if (!heard()) return;
      const frame = schema.safeParse(raw);
      if (frame.success) take(frame.data);
    });
  on('batch', batchFrame, (frame) => listener.batch(frame));
  on('view', viewFrame, (frame) => listener.view(frame));
  on('patch', patchFrame, (frame) => listener.patch(frame));
  on('closed', closedFrame, (frame) => listener.closed(frame));
  on('resync', resyncFrame, (frame) => listener.resync(frame));
  on('move', moveFrame, (frame) => listener.move(frame));
}
