import { z } from 'zod';
import type { Language } from '../../../shared/contract/notify.ts';
import type { Decision } from '../../../shared/contract/doctors.ts';
import type { MessageKind } from '../documents.ts';
import en from './en.json' with { type: 'json' };
import hi from './hi.json' with { type: 'json' };
import { layout } from './layout.ts';

/** The words of one kind in one language. `action` names the button of the mail; empty when there is none. */
export const template = z.strictObject({
  subject: z.string().min(1),
  text: z.string().min(1),
  sms: z.string().min(1),
  action: z.string(),
});
type Template = z.infer<typeof template>;
const templates: Readonly<Record<Language, Readonly<Record<MessageKind, Template>>>> = { en, hi };

/** What the words are filled with; a kind names those it needs. */
export interface Facts {
  readonly token?: string;
  readonly doctor?: string;
  readonly patient?: string;
  readonly clinic?: string;
  readonly title?: string;
  readonly body?: string;
  readonly code?: string;
  /** Our name on the net: browsers fill in a code only on the site that its SMS names. */
  readonly host?: string;
  /** What was decided about a doctor's application, as a sentence. */
  readonly outcome?: string;
  /** In the words of who decided; may be empty. */
  readonly reason?: string;
  /** Where the message leads. */
  readonly link: string;
}

/** A decision in words. */
export const outcomes: Readonly<Record<Language, Readonly<Record<Decision, string>>>> = {
  en: {
    approve: 'Your registration has been verified. You can open your desk now.',
    askMore: 'We need something more before we can verify your registration.',
    reject: 'Your registration could not be verified.',
    suspend: 'Your practice here has been suspended. Your desks take no new patients.',
    unsuspend: 'The suspension has been lifted. You can open your desk again.',
  },
  hi: {
    approve: 'आपका पंजीकरण जाँच लिया गया है। अब आप अपना डेस्क खोल सकते हैं।',
    askMore: 'आपका पंजीकरण जाँचने के लिए हमें कुछ और चाहिए।',
    reject: 'आपका पंजीकरण पक्का नहीं हो सका।',
    suspend: 'यहाँ आपका काम रोक दिया गया है। आपके डेस्क पर नए मरीज़ नहीं आएँगे।',
    unsuspend: 'रोक हटा ली गई है। आप फिर से अपना डेस्क खोल सकते हैं।',
  },
};

export interface Rendered {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly sms: string;
  readonly telegram: string;
}

/** @throws Error when a fact that the words name is missing. */
export function render(kind: MessageKind, language: Language, facts: Facts): Rendered {
  const words = templates[language][kind];
  const fill = (pattern: string): string =>
    pattern.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => {
      const value = new Map<string, string>(Object.entries(facts)).get(name);
      if (value === undefined) throw new Error(`the template ${kind} misses ${name}`);
      return value;
    });
  const [subject, text] = [oneLine(fill(words.subject)), fill(words.text)];
  const action = words.action === '' ? null : { label: words.action, link: facts.link };
  const plain = action ? `${text}\n\n${action.label}: ${action.link}\n` : `${text}\n`;
  return {
    subject,
    text: plain,
    html: layout({ language, title: subject, paragraphs: text.split(/\n+/), action }),
    sms: oneLine(fill(words.sms)) + originBound(kind, facts),
    telegram: action ? `${text}\n${action.link}` : text,
  };
}

/** The last line of an SMS with a code, by which browsers offer it on our page (WICG "Origin-bound one-time codes delivered via SMS"). */
function originBound(kind: MessageKind, { host, code }: Facts): string {
  if (kind !== 'account.otp' && kind !== 'account.verifyPhone') return '';
  return host === undefined || code === undefined ? '' : `\n@${host} #${code}`;
}

/** A header or an SMS is one line, whatever a name holds. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
