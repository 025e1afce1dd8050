import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { outcomeOf, outgoing, retryAfterMs } from './http.ts';
import type { Outcome, Sms, SmsGateway } from './types.ts';

export interface TwilioOptions {
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** A number, or a messaging service (`MG…`). */
  readonly from: string;
  /** Where status reports go; null when we have no public address. */
  readonly statusUrl: string | null;
  /** Template ids registered with the Indian operators (DLT), by kind; when any is given, kinds without one are not sent. */
  readonly dltTemplates: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly now: () => number;
}

const created = z.object({ sid: z.string().max(64) });
const failed = z.object({ code: z.int().optional() });

/** Numbers that will never take a message: wrong, a landline, or they said STOP (21610). */
const goneCodes = new Set([21211, 21214, 21217, 21219, 21401, 21407, 21421, 21610, 21614]);

/** SMS by Twilio's REST API. It knows no idempotency key: silence after the request is `unknown`. */
export class TwilioSms implements SmsGateway {
  readonly #options: TwilioOptions;

  constructor(options: TwilioOptions) {
    this.#options = options;
  }

  async send(sms: Sms): Promise<Outcome> {
    const { url, accountSid, authToken, from, statusUrl, dltTemplates, timeoutMs, now } = this.#options;
    const form = new URLSearchParams({ To: sms.to, Body: sms.text });
    form.set(from.startsWith('MG') ? 'MessagingServiceSid' : 'From', from);
    if (statusUrl !== null) form.set('StatusCallback', `${statusUrl}?delivery=${sms.id}`);
    const template = dltTemplates[sms.kind];
    if (template !== undefined) form.set('Tags', JSON.stringify({ dlt: template }));
    // Operators in India drop what has no registered template: better said here than lost there.
    else if (Object.keys(dltTemplates).length > 0) return { kind: 'refused', reason: 'no-dlt-template' };
    const body = form.toString();
    try {
      const reply = await outgoing(`${url}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
        },
        body,
        timeoutMs,
      });
      if (reply.status >= 200 && reply.status < 300) {
        const found = created.safeParse(json(reply.body));
        return { kind: 'sent', providerId: found.success ? found.data.sid : null };
      }
      const code = failed.safeParse(json(reply.body)).data?.code;
      const reason = `twilio-${code ?? reply.status}`;
      if (reply.status === 429 || reply.status >= 500) {
        const afterMs = retryAfterMs(reply.headers['retry-after'], now());
        return { kind: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) };
      }
      // A wrong key is ours to mend: the message waits.
      if (reply.status === 401 || reply.status === 403) return { kind: 'retry', reason };
      return { kind: 'refused', reason, gone: code !== undefined && goneCodes.has(code) };
    } catch (error) {
      return outcomeOf(error);
    }
  }
}

/** True when a webhook request is Twilio's: HMAC-SHA1 over the address and the sorted fields. */
export function twilioSigned(
  authToken: string,
  url: string,
  fields: Readonly<Record<string, string>>,
  signature: string,
): boolean {
  const text = Object.keys(fields)
    .sort()
    .reduce((sum, key) => sum + key + (fields[key] ?? ''), url);
  const expected = createHmac('sha1', authToken).update(text).digest();
  const given = Buffer.from(signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
