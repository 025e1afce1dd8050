import type { Config } from '../config.ts';
import type { Repos } from '../store/Repos.ts';
import { SmtpMailer } from './SmtpMailer.ts';
import { shownMailer, shownSms } from './shown.ts';
import { TelegramBot } from './TelegramBot.ts';
import { TwilioSms } from './TwilioSms.ts';
import type { Gateways } from './types.ts';
import { WebPush } from './WebPush.ts';

export const hookPaths = { twilio: '/api/hooks/twilio', telegram: '/api/hooks/telegram' } as const;

/** The providers of this installation. A demo without them shows mail and SMS on the admin's outbox page instead. */
export function buildGateways(
  { messaging, mode, publicUrl }: Config,
  deps: { readonly repos: Repos; readonly now: () => number },
): Gateways {
  const { mail, sms, telegram, push, pushPrivate: allowPrivate, timeoutMs } = messaging;
  const { now } = deps;
  const demo = mode !== 'production';
  const statusUrl = publicUrl === null ? null : new URL(hookPaths.twilio, publicUrl).href;
  return {
    mailer: mail ? new SmtpMailer(mail.url, mail.from, timeoutMs) : demo ? shownMailer(deps) : null,
    sms: sms ? new TwilioSms({ ...sms, statusUrl, timeoutMs, now }) : demo ? shownSms(deps) : null,
    telegram: telegram ? new TelegramBot(telegram.url, telegram.token, timeoutMs) : null,
    push: push ? new WebPush({ ...push, allowPrivate, timeoutMs, now }) : null,
  };
}
