import type { NotifyPreferences } from '../../shared/contract/notify.ts';
import { AppError } from '../../shared/errors.ts';
import type { NoticeChannel } from '../../shared/state/notices.ts';
import type { Gateways } from '../gateways/types.ts';
import type { Account } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { NotifySettings } from './documents.ts';
import { maskedPhone, type Reach } from './rules.ts';

export interface SettingsDeps {
  readonly repos: Repos;
  readonly gateways: Gateways;
}

const tries = 20;

/** How accounts want to be told: kept per account, changed by compare-and-set. */
export class Settings {
  readonly #deps: SettingsDeps;

  constructor(deps: SettingsDeps) {
    this.#deps = deps;
  }

  async of(accountId: string): Promise<NotifySettings> {
    return (await this.#deps.repos.notifySettings.get(accountId)) ?? fresh(accountId);
  }

  /** Applies a pure change to what is there now. */
  async change(accountId: string, apply: (now: NotifySettings) => Partial<NotifySettings>): Promise<NotifySettings> {
    const { notifySettings } = this.#deps.repos;
    for (let i = 0; i < tries; i++) {
      const stored = await notifySettings.get(accountId);
      const before = stored ?? fresh(accountId);
      const next = { ...before, ...apply(before), _id: accountId, version: before.version + 1 };
      const { _id, ...fields } = next;
      const done = stored
        ? await notifySettings.update({ _id, version: before.version }, { $set: fields })
        : await notifySettings.insert(next);
      if (done) return next;
    }
    throw new AppError('CONFLICT', 'the settings are being changed elsewhere');
  }

  /** The channels that this installation has and the account has an address for. */
  async reach(accountId: string): Promise<Reach> {
    const { repos, gateways } = this.#deps;
    const [settings, account, devices] = await Promise.all([
      this.of(accountId),
      gateways.mailer ? repos.accounts.get(accountId) : null,
      gateways.push ? repos.pushDevices.many({ accountId }, { limit: 1 }) : [],
    ]);
    const able: NoticeChannel[] = [];
    if (devices.length > 0) able.push('push');
    if (account?.email !== undefined) able.push('email');
    if (gateways.sms && settings.phone?.verifiedAt != null) able.push('sms');
    if (gateways.telegram && settings.telegram) able.push('telegram');
    return { quiet: settings.quiet, choices: settings.channels, able };
  }

  /** As the settings page shows them. */
  async view(account: Account): Promise<NotifyPreferences> {
    const { repos, gateways } = this.#deps;
    const [settings, devices] = await Promise.all([
      this.of(account._id),
      repos.pushDevices.many({ accountId: account._id }),
    ]);
    const { language, quiet, channels, phone, telegram } = settings;
    const available: NoticeChannel[] = [];
    if (gateways.push) available.push('push');
    if (gateways.mailer) available.push('email');
    if (gateways.sms) available.push('sms');
    if (gateways.telegram) available.push('telegram');
    return {
      ...{ language, quiet, channels, available },
      email: account.email ?? null,
      phone: phone && { number: maskedPhone(phone.number), verified: phone.verifiedAt !== null },
      telegram: telegram && { linkedAt: telegram.linkedAt },
      devices: devices.length,
    };
  }
}

function fresh(accountId: string): NotifySettings {
  return {
    _id: accountId,
    language: null,
    quiet: null,
    channels: {},
    phone: null,
    telegram: null,
    version: 0,
  };
}
