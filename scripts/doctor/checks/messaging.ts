import { createECDH } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import { hubConfig, type Context } from '../context.ts';

/** SMS, Telegram and push: settings that fit, and providers that know us. */
export const messaging: Check = {
  id: 'messaging',
  title: 'SMS, Telegram, push',
  run: async (context) => together([push(context), ...(await Promise.all([sms(context), telegram(context)]))]),
};

function push(context: Context): Outcome {
  const { messaging: given, mode } = hubConfig(context);
  if (given.push === null) return skipped('no push keys');
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(given.push.privateKey, 'base64url');
  if (pair.getPublicKey('base64url') !== given.push.publicKey) {
    return fail('the push keys are no pair: browsers will refuse every message', 'Put the pair of npm run setup back.');
  }
  if (mode === 'production' && given.push.subject.endsWith('.invalid')) {
    const remedy = 'Set NADI_VAPID_SUBJECT=mailto:somebody@your.domain: some push services refuse others.';
    return warn('push services are not told whom to ask about us', remedy);
  }
  return ok('push keys are a pair');
}

async function sms(context: Context): Promise<Outcome> {
  const { sms: given } = hubConfig(context).messaging;
  if (given === null) return skipped('no SMS');
  if (context.options.offline) return ok('SMS is set');
  const account = `${given.url.replace(/\/$/, '')}/2010-04-01/Accounts/${given.accountSid}.json`;
  const authorization = `Basic ${Buffer.from(`${given.accountSid}:${given.authToken}`).toString('base64')}`;
  const answer = await ask(account, { authorization }, context.options.answerMs);
  if (typeof answer === 'string') return fail(`the SMS provider does not answer: ${answer}`, 'Is it let out?');
  if (answer.status === 401 || answer.status === 404) {
    return fail('the SMS provider does not know us', 'Correct TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.');
  }
  if (Object.keys(given.dltTemplates).length === 0) {
    const remedy = 'In India register the templates and set NADI_SMS_DLT; elsewhere this is fine.';
    return warn('no DLT templates: Indian operators drop such SMS', remedy);
  }
  return ok('the SMS provider knows us');
}

const bot = z.object({ ok: z.literal(true), result: z.object({ username: z.string() }) });

async function telegram(context: Context): Promise<Outcome> {
  const { telegram: given } = hubConfig(context).messaging;
  if (given === null) return skipped('no Telegram');
  if (context.options.offline) return ok('Telegram is set');
  const answer = await ask(`${given.url.replace(/\/$/, '')}/bot${given.token}/getMe`, {}, context.options.answerMs);
  if (typeof answer === 'string') return fail(`Telegram does not answer: ${answer}`, 'Is it let out?');
  const told = bot.safeParse(await answer.json().catch(() => null));
  if (!told.success) return fail('Telegram does not know the bot', 'Correct TELEGRAM_BOT_TOKEN.');
  return ok(`Telegram knows ${told.data.result.username}`);
}

/** An answer, or why there was none; the address may hold a token and is never part of it. */
async function ask(url: string, headers: Record<string, string>, answerMs: number): Promise<Response | string> {
  try {
    return await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(answerMs) });
  } catch (error) {
    return error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) : 'no answer';
  }
}
