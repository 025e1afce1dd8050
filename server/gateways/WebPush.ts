import { isIP } from 'node:net';
import webPush from 'web-push';
import { isPrivate, outcomeOf, outgoing, retryAfterMs } from './http.ts';
import type { Outcome, PushGateway, PushMessage, PushTarget } from './types.ts';

export interface WebPushOptions {
  readonly publicKey: string;
  readonly privateKey: string;
  /** `mailto:` or `https:` address under which push services reach us. */
  readonly subject: string;
  readonly timeoutMs: number;
  /** Plain HTTP and addresses of our own network too: for tests and closed networks. */
  readonly allowPrivate: boolean;
  readonly now: () => number;
}

/** Web Push (RFC 8030, 8291, 8292): encrypted for the browser, signed as us, posted to whatever service the browser named. */
export class WebPush implements PushGateway {
  readonly #options: WebPushOptions;

  constructor(options: WebPushOptions) {
    this.#options = options;
  }

  get publicKey(): string {
    return this.#options.publicKey;
  }

  refusal(endpoint: string): string | null {
    if (!URL.canParse(endpoint)) return 'bad-endpoint';
    const { protocol, hostname, username } = new URL(endpoint);
    if (username !== '') return 'bad-endpoint';
    if (this.#options.allowPrivate) return /^https?:$/.test(protocol) ? null : 'bad-endpoint';
    const host = hostname.replace(/^\[|\]$/g, '');
    if (protocol !== 'https:') return 'not-https';
    if (isIP(host) !== 0 && isPrivate(host)) return 'private-address';
    return host === 'localhost' || host.endsWith('.localhost') || !host.includes('.') ? 'private-address' : null;
  }

  async send(target: PushTarget, message: PushMessage): Promise<Outcome> {
    const refusal = this.refusal(target.endpoint);
    if (refusal !== null) return { kind: 'refused', reason: refusal, gone: true };
    const { publicKey, privateKey, subject, timeoutMs, allowPrivate, now } = this.#options;
    let details;
    try {
      details = webPush.generateRequestDetails(
        { endpoint: target.endpoint, keys: { ...target.keys } },
        message.payload,
        {
          vapidDetails: { subject, publicKey, privateKey },
          contentEncoding: 'aes128gcm',
          TTL: Math.max(0, Math.round(message.ttlSeconds)),
          urgency: message.urgent ? 'high' : 'normal',
          topic: message.topic,
        },
      );
    } catch {
      // The keys of the subscription are not keys.
      return { kind: 'refused', reason: 'bad-keys', gone: true };
    }
    try {
      const reply = await outgoing(details.endpoint, {
        method: 'POST',
        headers: details.headers,
        body: details.body,
        timeoutMs,
        publicOnly: !allowPrivate,
      });
      const { status } = reply;
      if (status >= 200 && status < 300) {
        const { location } = reply.headers;
        return { kind: 'sent', providerId: typeof location === 'string' ? location.slice(0, 500) : null };
      }
      const reason = `push-${status}`;
      if (status === 404 || status === 410) return { kind: 'refused', reason, gone: true };
      if (status === 429 || status >= 500) {
        const afterMs = retryAfterMs(reply.headers['retry-after'], now());
        return { kind: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) };
      }
      return { kind: 'refused', reason };
    } catch (error) {
      const outcome = outcomeOf(error);
      // Tag and topic make a repeat replace the first one: where nobody knows, send again.
      return outcome.kind === 'unknown' ? { kind: 'retry', reason: outcome.reason } : outcome;
    }
  }
}
