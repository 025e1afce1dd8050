import { createHash, timingSafeEqual } from 'node:crypto';
import { Router, json, urlencoded } from 'express';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { hookPaths } from '../gateways/build.ts';
import type { MessagingConfig } from '../gateways/config.ts';
import { heard, telegramUpdate } from '../gateways/TelegramBot.ts';
import { twilioSigned } from '../gateways/TwilioSms.ts';
import type { Deliveries } from '../notify/Deliveries.ts';
import type { TelegramInbox } from '../notify/TelegramInbox.ts';

export interface HookDeps {
  readonly deliveries: Deliveries;
  readonly inbox: TelegramInbox | null;
  readonly messaging: MessagingConfig;
  readonly publicUrl: string | null;
}

const hookBytes = 32 * 1024;
const fields = z.record(z.string().max(64), z.string().max(4096));
const report = z.object({ MessageSid: z.string().max(64), MessageStatus: z.string().max(32) });
const query = z.object({ delivery: z.uuid() });

/** Where providers report: each request proves whose it is before anything of it is believed. What does not is answered as if nothing were here. */
export function hookRoutes({ deliveries, inbox, messaging, publicUrl }: HookDeps): Router {
  const router = Router();
  const nothing = (): AppError => new AppError('NOT_FOUND', 'no such address');

  router.post(hookPaths.twilio, urlencoded({ extended: false, limit: hookBytes }), async (request, response) => {
    const said = fields.safeParse(request.body);
    const signature = request.get('x-twilio-signature') ?? '';
    if (!messaging.sms || publicUrl === null || !said.success) throw nothing();
    const url = new URL(request.originalUrl, publicUrl).href;
    if (!twilioSigned(messaging.sms.authToken, url, said.data, signature)) throw nothing();
    const about = query.safeParse(request.query);
    const status = report.safeParse(said.data);
    if (about.success && status.success) {
      await deliveries.reported(about.data.delivery, status.data.MessageSid, status.data.MessageStatus);
    }
    response.status(204).end();
  });

  router.post(hookPaths.telegram, json({ limit: hookBytes }), async (request, response) => {
    const secret = messaging.telegram?.webhookSecret ?? null;
    if (!inbox || secret === null) throw nothing();
    if (!same(request.get('x-telegram-bot-api-secret-token') ?? '', secret)) throw nothing();
    const update = telegramUpdate.safeParse(request.body);
    const said = update.success ? heard(update.data) : null;
    if (said) await inbox.hear(said);
    // Also what we do not understand is taken: it would be sent again for days.
    response.status(200).json({});
  });
  return router;
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
