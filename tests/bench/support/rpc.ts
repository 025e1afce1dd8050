import type { ChildProcess } from 'node:child_process';

/** Calls between the bench and the processes it starts, over their IPC channel: `{id, name, input}` → `{id, output | error}`. */
type Handlers = Readonly<Record<string, (input: never) => unknown>>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}
interface Answer {
  readonly id: number;
  readonly output?: unknown;
  readonly error?: string;
}

/** In the child: answers calls until the parent is gone. */
export function serve(handlers: Handlers): void {
  process.on('message', (message: Call) => {
    const answer = (rest: Partial<Answer>): void => void process.send?.({ id: message.id, ...rest });
    Promise.resolve()
      .then(() => {
        const handle = handlers[message.name];
        if (!handle) throw new Error(`no ${message.name} here`);
        return handle(message.input as never);
      })
      .then(
        (output) => answer({ output }),
        (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

/** In the parent: one child's handlers as async functions. */
export class Remote {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve: (output: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', ({ id, output, error }: Answer) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve(output);
      else pending?.reject(new Error(error));
    });
    child.on('exit', (code) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`the process ended (${code})`));
      this.#pending.clear();
    });
  }

  /** The caller knows what the handler answers. */
  async call<T = void>(name: string, input: unknown = {}): Promise<T> {
    const id = ++this.#last;
    const output = await new Promise<unknown>((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error('the process is gone'));
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, name, input });
    });
    return output as T;
  }
}
