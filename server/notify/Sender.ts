import { createHash } from 'node:crypto';
import type { Language } from '../../shared/contract/notify.ts';
import { noticePath, noticeTag } from '../../shared/state/notices.ts';
import type { Gateways, Outcome } from '../gateways/types.ts';
import type { Repos } from '../store/Repos.ts';
import { nobody, type DeliveryDoc } from './documents.ts';
import type { FactFinder } from './FactFinder.ts';
import type { Settings } from './Settings.ts';
import { render } from './templates/index.ts';

export interface SenderDeps {
  readonly repos: Repos;
  readonly gateways: Gateways;
  readonly settings: Settings;
  readonly facts: FactFinder;
  readonly now: () => number;
}

const noAddress: Outcome = { kind: 'refused', reason: 'no-address' };
const noGateway: Outcome = { kind: 'refused', reason: 'not-configured' };

/** Writes one message from its ids, at the last moment, and hands it to its provider. */
export class Sender {
  readonly #deps: SenderDeps;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  /** Who is asked, for the breaker: providers fail one by one. */
  async provider(one: DeliveryDoc): Promise<string> {
    if (one.channel !== 'push') return one.channel;
    const device = await this.#deps.repos.pushDevices.get(one.target);
    return device && URL.canParse(device.endpoint) ? `push ${new URL(device.endpoint).origin}` : 'push';
  }

  async send(one: DeliveryDoc): Promise<Outcome> {
    switch (one.channel) {
      case 'push':
        return await this.#push(one);
      case 'email':
        return await this.#email(one);
      case 'sms':
        return await this.#sms(one);
      case 'telegram':
        return await this.#telegram(one);
    }
  }

  /** The payload holds no personal data: the service worker says something general and leads to the page. */
  async #push(one: DeliveryDoc): Promise<Outcome> {
    const { gateways, repos, now } = this.#deps;
    if (!gateways.push) return noGateway;
    const device = await repos.pushDevices.get(one.target);
    if (!device || device.accountId !== one.accountId || 'challengeId' in one.message) return noAddress;
    const tag = short(noticeTag(one.message));
    const payload = JSON.stringify({
      kind: one.message.kind,
      id: one.notificationId,
      path: noticePath(one.message),
      tag,
      lang: device.language,
    });
    const ttlSeconds = (one.expiresAt - now()) / 1000;
    const outcome = await gateways.push.send(device, { payload, ttlSeconds, urgent: one.urgent, topic: tag });
    if (outcome.kind === 'refused' && outcome.gone === true) await repos.pushDevices.remove({ _id: device._id });
    return outcome;
  }

  async #email(one: DeliveryDoc): Promise<Outcome> {
    const { gateways, repos, facts } = this.#deps;
    if (!gateways.mailer) return noGateway;
    const account = await repos.accounts.get(one.accountId);
    const asked = await facts.challengeOf(one.message);
    const to = asked?.target ? asked.target : account?.email;
    if (to === undefined) return noAddress;
    const rendered = await this.#render(one);
    if (!rendered) return { kind: 'refused', reason: 'nothing-to-say' };
    const { subject, text, html } = rendered;
    return await gateways.mailer.send({ id: one._id, to, subject, text, html });
  }

  async #sms(one: DeliveryDoc): Promise<Outcome> {
    const { gateways, settings, facts } = this.#deps;
    if (!gateways.sms) return noGateway;
    const asked = await facts.challengeOf(one.message);
    const { phone } = await settings.of(one.accountId);
    // A phone that nobody has proved gets the code that proves it, and nothing else.
    const to = asked ? asked.target : phone?.verifiedAt != null ? phone.number : '';
    if (to === '') return noAddress;
    const rendered = await this.#render(one);
    if (!rendered) return { kind: 'refused', reason: 'nothing-to-say' };
    const outcome = await gateways.sms.send({ id: one._id, to, text: rendered.sms, kind: one.message.kind });
    if (outcome.kind === 'refused' && outcome.gone === true && one.accountId !== nobody) {
      await settings.change(one.accountId, (now) =>
        now.phone?.number === to ? { phone: { number: to, verifiedAt: null } } : {},
      );
    }
    return outcome;
  }

  async #telegram(one: DeliveryDoc): Promise<Outcome> {
    const { gateways, settings } = this.#deps;
    if (!gateways.telegram) return noGateway;
    const { telegram } = await settings.of(one.accountId);
    if (!telegram) return noAddress;
    const rendered = await this.#render(one);
    if (!rendered) return { kind: 'refused', reason: 'nothing-to-say' };
    const { chatId } = telegram;
    const outcome = await gateways.telegram.send({ id: one._id, chatId, text: rendered.telegram });
    if (outcome.kind === 'refused' && outcome.gone === true) {
      await settings.change(one.accountId, (now) => (now.telegram?.chatId === chatId ? { telegram: null } : {}));
    }
    return outcome;
  }

  async #render(one: DeliveryDoc) {
    const { language } = await this.#deps.settings.of(one.accountId);
    const asked = 'challengeId' in one.message ? one.message.language : undefined;
    const spoken: Language = asked ?? language ?? 'en';
    const found = await this.#deps.facts.of(one.message, spoken);
    return found ? render(one.message.kind, spoken, found) : null;
  }
}

/** A tag as push services and browsers take it: short, and without what it was made of. */
function short(tag: string): string {
  return createHash('sha256').update(tag).digest('base64url').slice(0, 24);
}
