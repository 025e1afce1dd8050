import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, warn, type Check, type Outcome } from '../check.ts';
import { hubConfig } from '../context.ts';

const failure = z.object({ code: z.string().optional(), responseCode: z.int().optional(), message: z.string() });

/** Mail server: connects, greets, encrypts, signs in, as the hub does; sends only when it is asked to. */
export const mail: Check = {
  id: 'mail',
  title: 'Mail',
  run: async (context) => {
    const { messaging, mode } = hubConfig(context);
    if (messaging.mail === null) {
      if (mode === 'demo') return skipped('none: the demo shows its mails on a page');
      const remedy = 'Set SMTP_URL and MAIL_FROM (npm run setup): password resets and codes go by mail.';
      return warn('no mail server: nobody can reset a password', remedy);
    }
    const { url, from } = messaging.mail;
    const { sendMail, answerMs } = context.options;
    try {
      await verify(url, answerMs);
      if (!(await encrypts(url, answerMs))) {
        const remedy = 'Use smtps://, or a server that offers STARTTLS.';
        return warn('the mail server lets us in, without encryption', remedy);
      }
      if (sendMail === null) return ok('the mail server lets us in');
      await send({ url, from, to: sendMail, answerMs });
      return ok('the mail server took one mail; see whether it arrives');
    } catch (error) {
      return explain(error);
    }
  },
};

const transport = (url: string, answerMs: number, requireTLS = false) =>
  createTransport({
    ...{ url, requireTLS, connectionTimeout: answerMs, greetingTimeout: answerMs, socketTimeout: answerMs },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });

async function verify(url: string, answerMs: number, requireTLS = false): Promise<void> {
  const one = transport(url, answerMs, requireTLS);
  try {
    await one.verify();
  } finally {
    one.close();
  }
}

/** On this machine nobody is in between. */
async function encrypts(url: string, answerMs: number): Promise<boolean> {
  if (url.startsWith('smtps:') || /^(localhost|127\.|\[::1)/.test(new URL(url).hostname)) return true;
  return await verify(url, answerMs, true).then(
    () => true,
    () => false,
  );
}

interface Letter {
  readonly url: string;
  readonly from: string;
  readonly to: string;
  readonly answerMs: number;
}

async function send({ url, from, to, answerMs }: Letter): Promise<void> {
  const one = transport(url, answerMs);
  try {
    const text = 'This mail was sent by "npm run doctor": mail of this Nadi installation arrives.\n';
    await one.sendMail({
      from,
      to,
      subject: 'Nadi: mail works',
      text,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } finally {
    one.close();
  }
}

function explain(error: unknown): Outcome {
  const { code = '', responseCode, message } = failure.catch({ message: messageOf(error) }).parse(error);
  if (code === 'EAUTH' || responseCode === 535) {
    return fail(`the mail server refuses our user or password (${responseCode ?? code})`, 'Correct them in SMTP_URL.');
  }
  if (/certificate|self.signed|altname/i.test(message)) {
    return fail(
      `the mail server’s certificate is not trusted: ${message}`,
      'Use the name the certificate is for in SMTP_URL, or give its authority to Node (NODE_EXTRA_CA_CERTS).',
    );
  }
  if (responseCode !== undefined) {
    return fail(`the mail server refuses us: ${message}`, 'Ask whoever runs it; the number says why.');
  }
  return fail(`the mail server cannot be reached: ${message}`, 'Check SMTP_URL and whether the port is let out.');
}
