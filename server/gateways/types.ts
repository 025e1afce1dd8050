/** What became of handing one message to a provider. */
export type Outcome =
  /** Accepted; the id is the provider's. */
  | { readonly kind: 'sent'; readonly providerId: string | null }
  /** Certainly not accepted, may be later; `afterMs` when the provider said how long to wait. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number }
  /** Never will be; `gone` when the address itself is no more. */
  | { readonly kind: 'refused'; readonly reason: string; readonly gone?: boolean }
  /** No answer after the message was handed over: it may or may not have been accepted. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Mail {
  /** Stable per delivery: becomes the Message-ID, so that a repeat is recognisable. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}
export interface Mailer {
  send(mail: Mail): Promise<Outcome>;
  close(): Promise<void>;
}

export interface Sms {
  readonly id: string;
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** The kind: some countries want a registered template id per kind. */
  readonly kind: string;
}
export interface SmsGateway {
  send(sms: Sms): Promise<Outcome>;
}

export interface TelegramMessage {
  readonly id: string;
  readonly chatId: string;
  readonly text: string;
}
export interface TelegramUpdate {
  readonly chatId: string;
  readonly text: string;
}
export interface TelegramGateway {
  send(message: TelegramMessage): Promise<Outcome>;
  /** The bot's name, for the linking address. Null when it cannot be asked now. */
  botName(): Promise<string | null>;
  useWebhook(url: string, secret: string): Promise<boolean>;
  /** What people wrote to the bot since the last call; for installations without a webhook. */
  updates(signal: AbortSignal): Promise<readonly TelegramUpdate[]>;
}

export interface PushTarget {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}
export interface PushMessage {
  readonly payload: string;
  readonly ttlSeconds: number;
  readonly urgent: boolean;
  /** Newer ones of a topic replace older ones that wait at the push service. */
  readonly topic: string;
}
export interface PushGateway {
  readonly publicKey: string;
  /** Null when messages may go there, else why not. */
  refusal(endpoint: string): string | null;
  send(target: PushTarget, message: PushMessage): Promise<Outcome>;
}

/** What this installation can send on; null = not at all. */
export interface Gateways {
  readonly mailer: Mailer | null;
  readonly sms: SmsGateway | null;
  readonly telegram: TelegramGateway | null;
  readonly push: PushGateway | null;
}
