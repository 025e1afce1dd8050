import { once } from 'node:events';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** An SMTP server that wants a sign-in, keeps what it accepted, and refuses as the test says. */
export class MailServer {
  readonly accepted: Email[] = [];
  /** How many messages came with their body, accepted or not. */
  bodies = 0;
  /** For the next recipients, in order: an SMTP code to refuse with, or `hang` after the body. */
  readonly next: (number | 'hang')[] = [];
  readonly #server: SMTPServer;
  #hang = false;

  constructor() {
    this.#server = new SMTPServer({
      authOptional: false,
      allowInsecureAuth: true,
      hideSTARTTLS: true,
      closeTimeout: 100,
      onAuth: ({ username = '', password }, _session, done) => {
        if (username === 'clinic' && password === 'secret') done(null, { user: username });
        else done(new Error('wrong'));
      },
      onRcptTo: (_address, _session, done) => {
        const answer = this.next.shift();
        this.#hang = answer === 'hang';
        if (typeof answer === 'number') done(Object.assign(new Error('not now'), { responseCode: answer }));
        else done();
      },
      onData: (stream, _session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          this.bodies += 1;
          if (this.#hang) return;
          void PostalMime.parse(Buffer.concat(parts)).then((mail) => {
            this.accepted.push(mail);
            done();
          });
        });
      },
    });
    // A client that gives up while we are silent is what some tests are about.
    this.#server.on('error', () => undefined);
  }

  /** The address with the sign-in. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server.server, 'listening');
    const address = this.#server.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `smtp://clinic:secret@127.0.0.1:${address.port}`;
  }

  to(address: string): Email[] {
    return this.accepted.filter((mail) => mail.to?.some((one) => one.address === address));
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}
