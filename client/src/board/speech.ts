import type { Call } from './announcer.ts';

/** The languages a call is said in, in this order, whatever language the board is read in. */
export const spokenLanguages = ['en', 'hi'] as const;
export type SpokenLanguage = (typeof spokenLanguages)[number];

/** Letters as they are said in Hindi; a Hindi voice reads a lone Latin letter badly. */
const hindiLetters: Readonly<Record<string, string>> = {
  A: 'ए',
  B: 'बी',
  C: 'सी',
  D: 'डी',
  E: 'ई',
  F: 'एफ़',
  G: 'जी',
  H: 'एच',
  I: 'आई',
  J: 'जे',
  K: 'के',
  L: 'एल',
  M: 'एम',
  N: 'एन',
  O: 'ओ',
  P: 'पी',
  Q: 'क्यू',
  R: 'आर',
  S: 'एस',
  T: 'टी',
  U: 'यू',
  V: 'वी',
  W: 'डब्ल्यू',
  X: 'एक्स',
  Y: 'वाई',
  Z: 'ज़ेड',
};

/** `A-017` → letters one by one and the number without its zeros. */
function parts(token: string): { letters: string[]; number: string } {
  return {
    letters: [...token.replace(/[^A-Z]/gi, '').toUpperCase()],
    number: String(Number(token.replace(/\D/g, ''))),
  };
}

/** What the voice says: `Token A 17, Doctor Meera Rao, please.` */
export function sentence(call: Pick<Call, 'token' | 'doctorName'>, language: SpokenLanguage): string {
  const { letters, number } = parts(call.token);
  const name = call.doctorName.replace(/^dr\.?\s+/i, '');
  const titled = name !== call.doctorName;
  if (language === 'en') {
    return `Token ${[...letters, number].join(' ')}, ${titled ? 'Doctor ' : ''}${name}, please.`;
  }
  const spelt = letters.map((letter) => hindiLetters[letter] ?? letter);
  return `टोकन ${[...spelt, number].join(' ')}, कृपया ${titled ? 'डॉक्टर ' : ''}${name} के पास आएँ।`;
}

interface VoiceLike {
  readonly lang: string;
  readonly localService: boolean;
}

/** The best voice for a language: of India before others, on this machine before one over the network. Null when there is none. */
export function pickVoice<V extends VoiceLike>(voices: readonly V[], language: SpokenLanguage): V | null {
  const worth = (voice: V): number => {
    const tag = voice.lang.replace('_', '-').toLowerCase();
    if (tag !== language && !tag.startsWith(`${language}-`)) return 0;
    return 1 + (tag === `${language}-in` ? 2 : 0) + (voice.localService ? 1 : 0);
  };
  let best: V | null = null;
  for (const voice of voices) if (worth(voice) > (best ? worth(best) : 0)) best = voice;
  return best;
}
