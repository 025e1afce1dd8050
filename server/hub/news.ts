import { z } from 'zod';
import { threadSide } from '../../shared/state/chat.ts';
import type { Bus, BusMessage } from './Bus.ts';

/** Everything hubs say to each other, parsed on arrival: opaque ids and numbers. What is not listed here is not said. */
const topics = {
  /** A stream grew. */
  appended: z.object({ stream: z.string(), epoch: z.int(), seq: z.int() }),
  /** A desk of this clinic opened or closed. */
  desks: z.object({ clinicId: z.string() }),
  /** A sign-in session ended. */
  signedOut: z.object({ sid: z.string() }),
  /** What an account may do has changed. */
  access: z.object({ accountId: z.string() }),
  /** A hub wrote down who is connected to it. */
  presence: z.object({ hub: z.string(), version: z.int() }),
  /** An account has got or read more of a thread. */
  receipt: z.object({ threadId: z.string(), accountId: z.string() }),
  /** An account is writing in a thread right now. */
  typing: z.object({ threadId: z.string(), accountId: z.string(), side: threadSide }),
  /** A patient was erased. */
  erased: z.object({ patientId: z.string() }),
} satisfies Record<string, z.ZodType<BusMessage>>;
type Topics = { [T in keyof typeof topics]: z.output<(typeof topics)[T]> };
const schemas: { [T in keyof Topics]: z.ZodType<Topics[T]> } = topics;

/** The bus, typed. */
export class News {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  tell<T extends keyof Topics>(topic: T, message: Topics[T]): void {
    this.#bus.send(topic, message);
  }

  hear<T extends keyof Topics>(topic: T, listener: (message: Topics[T]) => void): void {
    this.#bus.on(topic, (raw) => {
      const message = schemas[topic].safeParse(raw);
      if (message.success) listener(message.data);
    });
  }
}
