import { PassThrough } from 'node:stream';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import type { Mail, Mailer, Outcome } from './types.ts';

const failure = z.object({
  responseCode: z.int().optional(),
  command: z.string().optional(),
  code: z.string().optional(),
});

/** Mail by SMTP. `smtps://user:password@host:465` or `smtp://…:587` (STARTTLS where the server offers it). */
export class SmtpMailer implements Mailer {
  readonly #transport;
  readonly #from: string;
  readonly #domain: string;
  /** Message ids whose body has left us: from then on silence says nothing. */
  readonly #handedOver = new Set<string>();

  constructor(url: string, from: string, timeoutMs: number) {
    this.#transport = createTransport({
      url,
      pool: true,
      maxConnections: 2,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    this.#transport.use('stream', (mail, done) => {
      const { messageId } = mail.data;
      mail.message.transform(() => {
        const passing = new PassThrough();
        if (typeof messageId === 'string') passing.once('end', () => this.#handedOver.add(messageId));
        return passing;
      });
      done();
    });
    this.#from = from;
    this.#domain = /@([^>\s]+)/.exec(from)?.[1] ?? 'localhost';
  }

  async send(mail: Mail): Promise<Outcome> {
    const messageId = `<${mail.id}@${this.#domain}>`;
    try {
      await this.#transport.sendMail({
        from: this.#from,
        to: { name: '', address: mail.to },
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        messageId,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      return { kind: 'sent', providerId: messageId };
    } catch (error) {
      return smtpOutcome(error, this.#handedOver.has(messageId));
    } finally {
      this.#handedOver.delete(messageId);
    }
  }

  close(): Promise<void> {
    this.#transport.close();
    return Promise.resolve();
  }
}

/** 4xx: later. 5xx about the message: never; about the sign-in or the connection: ours to mend, so later. Silence after the body: unknown. */
export function smtpOutcome(error: unknown, handedOver: boolean): Outcome {
  const parsed = failure.safeParse(error);
  if (!parsed.success) return { kind: handedOver ? 'unknown' : 'retry', reason: 'smtp' };
  const { responseCode, command = '', code = '' } = parsed.data;
  if (responseCode !== undefined) {
    const reason = `smtp-${responseCode}`;
    const aboutUs = code === 'EAUTH' || /AUTH|EHLO|HELO|CONN|STARTTLS/.test(command);
    if (responseCode < 500 || aboutUs) return { kind: 'retry', reason };
    return { kind: 'refused', reason };
  }
  return { kind: handedOver ? 'unknown' : 'retry', reason: code === '' ? 'smtp' : code.toLowerCase() };
}
