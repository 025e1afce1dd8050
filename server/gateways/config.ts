import { z } from 'zod';

/** A setting that is empty is not set. */
const optional = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const templates = z.string().transform((text, context) => {
  try {
    return z.record(z.string().max(60), z.string().max(40)).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON: {"queue.called": "1107…", …}' });
    return z.NEVER;
  }
});

/** The part of the environment that says how messages leave the house. */
export const messagingSchema = {
  SMTP_URL: optional(z.string().regex(/^smtps?:\/\//, 'must be an smtp:// or smtps:// address')),
  MAIL_FROM: optional(z.string().regex(/@/, 'must be an address, e.g. Clinic <hello@example.org>')),
  TWILIO_ACCOUNT_SID: optional(z.string().regex(/^AC/, 'starts with AC')),
  TWILIO_AUTH_TOKEN: optional(z.string().min(8)),
  TWILIO_FROM: optional(z.string().regex(/^(\+\d{6,15}|MG\w+|[A-Za-z0-9]{3,11})$/, 'a number, a sender name, or MG…')),
  TWILIO_API_URL: z.url().default('https://api.twilio.com'),
  NADI_SMS_DLT: optional(templates),
  TELEGRAM_BOT_TOKEN: optional(z.string().regex(/^\d+:[\w-]{10,}$/, 'looks like 123456:ABC…')),
  TELEGRAM_WEBHOOK_SECRET: optional(z.string().regex(/^[\w-]{16,256}$/, '16 to 256 letters, digits, _ or -')),
  TELEGRAM_API_URL: z.url().default('https://api.telegram.org'),
  NADI_VAPID_PUBLIC_KEY: optional(z.string().regex(/^[\w-]{80,100}$/, 'must be base64url')),
  NADI_VAPID_PRIVATE_KEY: optional(z.string().regex(/^[\w-]{40,50}$/, 'must be base64url')),
  NADI_VAPID_SUBJECT: optional(z.string().regex(/^(mailto:|https:)/, 'must be a mailto: or https: address')),
  NADI_PUSH_PRIVATE: z.enum(['0', '1']).default('0'),
  NADI_SEND_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(10_000),
};

/** Which providers there are. Null: not configured. */
export interface MessagingConfig {
  readonly mail: { readonly url: string; readonly from: string } | null;
  readonly sms: {
    readonly accountSid: string;
    readonly authToken: string;
    readonly from: string;
    readonly url: string;
    readonly dltTemplates: Readonly<Record<string, string>>;
  } | null;
  readonly telegram: { readonly token: string; readonly url: string; readonly webhookSecret: string | null } | null;
  readonly push: { readonly publicKey: string; readonly privateKey: string; readonly subject: string } | null;
  /** Push endpoints in our own network are fine: tests and closed networks. */
  readonly pushPrivate: boolean;
  readonly timeoutMs: number;
}

/** Sorts the settings by provider; what belongs together must be there together. */
export function messagingOf(
  env: z.output<z.ZodObject<typeof messagingSchema>>,
): MessagingConfig | { readonly problems: string[] } {
  const problems: string[] = [];
  const together = (...names: readonly (keyof typeof env)[]): boolean => {
    const missing = names.filter((name) => env[name] === undefined);
    if (missing.length === 0) return true;
    if (missing.length < names.length) {
      problems.push(`${missing.join(', ')}: needed with ${names.filter((name) => !missing.includes(name)).join(', ')}`);
    }
    return false;
  };
  const {
    SMTP_URL: smtp,
    MAIL_FROM: from,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_FROM: smsFrom,
    NADI_VAPID_PUBLIC_KEY: publicKey,
    NADI_VAPID_PRIVATE_KEY: privateKey,
    TELEGRAM_BOT_TOKEN: token,
  } = env;
  together('SMTP_URL', 'MAIL_FROM');
  together('TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM');
  together('NADI_VAPID_PUBLIC_KEY', 'NADI_VAPID_PRIVATE_KEY');
  if (problems.length > 0) return { problems };
  return {
    mail: smtp !== undefined && from !== undefined ? { url: smtp, from } : null,
    sms:
      accountSid !== undefined && authToken !== undefined && smsFrom !== undefined
        ? { accountSid, authToken, from: smsFrom, url: env.TWILIO_API_URL, dltTemplates: env.NADI_SMS_DLT ?? {} }
        : null,
    telegram:
      token === undefined
        ? null
        : { token, url: env.TELEGRAM_API_URL, webhookSecret: env.TELEGRAM_WEBHOOK_SECRET ?? null },
    push:
      publicKey !== undefined && privateKey !== undefined
        ? { publicKey, privateKey, subject: env.NADI_VAPID_SUBJECT ?? 'mailto:nobody@nadi.invalid' }
        : null,
    pushPrivate: env.NADI_PUSH_PRIVATE === '1',
    timeoutMs: env.NADI_SEND_TIMEOUT_MS,
  };
}
