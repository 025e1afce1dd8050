import { z } from 'zod';
import { outcomeOf, outgoing, type OutgoingReply } from './http.ts';
import type { Outcome, TelegramGateway, TelegramMessage, TelegramUpdate } from './types.ts';

const sent = z.object({ result: z.object({ message_id: z.int() }) });
const me = z.object({ result: z.object({ username: z.string().regex(/^\w{3,64}$/) }) });
const refusal = z.object({
  description: z.string().default(''),
  parameters: z.object({ retry_after: z.number().nonnegative().optional() }).optional(),
});

/** One update of the bot, as webhook and polling give it. Only plain text in a private chat matters to us. */
export const telegramUpdate = z.object({
  update_id: z.int(),
  message: z
    .object({ chat: z.object({ id: z.int(), type: z.string() }), text: z.string().max(4096).optional() })
    .optional(),
});
const updates = z.object({ result: z.array(z.unknown()) });

/** What an update says to us, if anything. */
export function heard(update: z.infer<typeof telegramUpdate>): TelegramUpdate | null {
  const { message } = update;
  if (!message || message.chat.type !== 'private' || message.text === undefined) return null;
  return { chatId: String(message.chat.id), text: message.text };
}

/** Messages by a Telegram bot. Its API knows no idempotency key: silence after the request is `unknown`. */
export class TelegramBot implements TelegramGateway {
  readonly #base: string;
  readonly #timeoutMs: number;
  #name: string | null = null;
  #offset = 0;

  constructor(url: string, token: string, timeoutMs: number) {
    this.#base = `${url}/bot${token}`;
    this.#timeoutMs = timeoutMs;
  }

  async send({ chatId, text }: TelegramMessage): Promise<Outcome> {
    try {
      const reply = await this.#call('sendMessage', {
        chat_id: chatId,
        text,
        link_preview_options: { is_disabled: true },
      });
      if (reply.status === 200) {
        const found = sent.safeParse(json(reply.body));
        return { kind: 'sent', providerId: found.success ? String(found.data.result.message_id) : null };
      }
      const said = refusal.safeParse(json(reply.body)).data;
      const reason = `telegram-${reply.status}`;
      const after = said?.parameters?.retry_after;
      if (reply.status === 429 || reply.status >= 500) {
        return { kind: 'retry', reason, ...(after === undefined ? {} : { afterMs: after * 1000 }) };
      }
      if (reply.status === 401 || reply.status === 404) return { kind: 'retry', reason };
      // 403: the person blocked the bot or left.
      const gone = reply.status === 403 || /chat not found|user is deactivated/i.test(said?.description ?? '');
      return { kind: 'refused', reason, gone };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  async botName(): Promise<string | null> {
    if (this.#name !== null) return this.#name;
    const reply = await this.#call('getMe', {}).catch(() => null);
    const found = me.safeParse(reply ? json(reply.body) : null);
    if (found.success) this.#name = found.data.result.username;
    return this.#name;
  }

  /** Asks for updates at an address of ours, each carrying the secret in a header. */
  async useWebhook(url: string, secret: string): Promise<boolean> {
    const input = { url, secret_token: secret, allowed_updates: ['message'] };
    const reply = await this.#call('setWebhook', input).catch(() => null);
    return reply?.status === 200;
  }

  async updates(signal: AbortSignal): Promise<readonly TelegramUpdate[]> {
    const reply = await this.#call(
      'getUpdates',
      { offset: this.#offset, timeout: 20, allowed_updates: ['message'] },
      { timeoutMs: 30_000, signal },
    );
    const found = updates.safeParse(json(reply.body));
    if (reply.status !== 200 || !found.success) throw new Error(`telegram-${reply.status}`);
    return found.data.result.flatMap((raw) => {
      const update = telegramUpdate.safeParse(raw);
      if (!update.success) return [];
      this.#offset = Math.max(this.#offset, update.data.update_id + 1);
      const said = heard(update.data);
      return said ? [said] : [];
    });
  }

  async #call(
    method: string,
    input: Readonly<Record<string, unknown>>,
    more: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<OutgoingReply> {
    const body = JSON.stringify(input);
    return await outgoing(`${this.#base}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      body,
      timeoutMs: this.#timeoutMs,
      ...more,
    });
  }
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
