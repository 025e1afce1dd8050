import type { Challenges } from '../accounts/Challenges.ts';
import type { TelegramGateway, TelegramUpdate } from '../gateways/types.ts';
import type { Logger } from '../support/logger.ts';
import { newId } from '../support/ids.ts';
import type { Repos } from '../store/Repos.ts';
import type { Settings } from './Settings.ts';

export interface TelegramInboxDeps {
  readonly bot: TelegramGateway;
  readonly challenges: Challenges;
  readonly settings: Settings;
  readonly repos: Repos;
  readonly log: Logger;
  readonly now: () => number;
}

const answers = {
  en: {
    linked: 'This chat now gets your notifications from Nadi. Write /stop to end it.',
    unlinked: 'This chat gets no more notifications from Nadi.',
    unknown: 'Please open the Telegram link in your Nadi settings again: this one does not work any more.',
  },
  hi: {
    linked: 'अब आपकी Nadi सूचनाएँ इस चैट में आएँगी। बंद करने के लिए /stop लिखें।',
    unlinked: 'अब इस चैट में Nadi की सूचनाएँ नहीं आएँगी।',
    unknown: 'कृपया Nadi की सेटिंग से Telegram का लिंक फिर से खोलें: यह वाला अब नहीं चलेगा।',
  },
} as const;

/** What people write to the bot: `/start <word>` links the chat to the account that asked for the word, `/stop` ends it. */
export class TelegramInbox {
  readonly #deps: TelegramInboxDeps;

  constructor(deps: TelegramInboxDeps) {
    this.#deps = deps;
  }

  /** The same update may come twice: a word works once, and is then not answered again. */
  async hear({ chatId, text }: TelegramUpdate): Promise<void> {
    const { challenges, settings, repos, now } = this.#deps;
    const word = /^\/start ([\w-]{40,64})$/.exec(text.trim())?.[1];
    if (word !== undefined) {
      const asked = await challenges.takeWord('telegram', word);
      if (!asked) {
        const linked = await repos.notifySettings.one({ 'telegram.chatId': chatId });
        if (!linked) await this.#answer(chatId, 'en', 'unknown');
        return;
      }
      await this.#unlink(chatId);
      const { language } = await settings.change(asked.accountId, () => ({ telegram: { chatId, linkedAt: now() } }));
      return await this.#answer(chatId, language ?? 'en', 'linked');
    }
    if (text.trim() === '/stop') {
      const language = await this.#unlink(chatId);
      if (language) await this.#answer(chatId, language, 'unlinked');
    }
  }

  /** A round of asking the bot's server, for installations that it cannot call. */
  async poll(signal: AbortSignal): Promise<void> {
    for (const update of await this.#deps.bot.updates(signal)) await this.hear(update);
  }

  async #unlink(chatId: string): Promise<'en' | 'hi' | null> {
    const linked = await this.#deps.repos.notifySettings.many({ 'telegram.chatId': chatId });
    for (const { _id } of linked) {
      await this.#deps.settings.change(_id, (now) => (now.telegram?.chatId === chatId ? { telegram: null } : {}));
    }
    const first = linked[0];
    return first ? (first.language ?? 'en') : null;
  }

  async #answer(chatId: string, language: 'en' | 'hi', what: keyof (typeof answers)['en']): Promise<void> {
    const outcome = await this.#deps.bot.send({ id: newId(), chatId, text: answers[language][what] });
    if (outcome.kind !== 'sent') this.#deps.log.warn({ outcome: outcome.kind }, 'the bot’s answer did not go out');
  }
}
