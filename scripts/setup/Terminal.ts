import { createInterface, type Interface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
import { SetupError } from '../support/SetupError.ts';

/** Asks one line at a time; what is typed after a secret's question is not shown. Lines that come early wait for their question. */
export class Terminal {
  readonly #lines: Interface;
  readonly #out: NodeJS.WritableStream;
  readonly #early: string[] = [];
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  #muted = false;
  #ended = false;

  /** @param input a terminal, or a pipe with one answer per line */
  constructor(input: Readable & { isTTY?: boolean }, out: NodeJS.WritableStream) {
    this.#out = out;
    const echo = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#muted) out.write(chunk);
        done();
      },
    });
    this.#lines = createInterface({ input, output: echo, terminal: input.isTTY === true });
    this.#lines.on('line', (line) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting.resolve(line);
      else this.#early.push(line);
    });
    // Ctrl-C leaves everything as it was: nothing is written before the last question.
    this.#lines.on('SIGINT', () => this.#lines.close());
    this.#lines.on('close', () => {
      this.#ended = true;
      this.#waiting?.reject(over());
    });
  }

  say(line: string): void {
    this.#out.write(`${line}\n`);
  }

  /** @throws SetupError when the input ends */
  async ask(prompt: string, secret = false): Promise<string> {
    this.#out.write(prompt);
    this.#muted = secret;
    try {
      return (await this.#next()).trim();
    } finally {
      this.#muted = false;
      if (secret) this.#out.write('\n');
    }
  }

  close(): void {
    this.#lines.close();
  }

  #next(): Promise<string> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.#ended) return Promise.reject(over());
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }
}

function over(): SetupError {
  return new SetupError('The set-up was left before its end; nothing was changed.', 'Start again: npm run setup');
}
