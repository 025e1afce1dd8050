import i18next from 'i18next';
import { readPref, writePref } from '../ui/prefs.ts';
import en from './en/index.ts';

/**
 * Translation. English is the source (its files give the type of every key) and the fallback; every other folder beside `en/` is a language
 * and is loaded, as one file, when it is chosen. Adding a language = adding a folder with the same files.
 */

type Leaves<T, Path extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Path}${WithoutPlural<K>}` : Leaves<T[K], `${Path}${K}.`>;
}[keyof T & string];
type WithoutPlural<K extends string> = K extends `${infer Base}_${'zero' | 'one' | 'two' | 'few' | 'many' | 'other'}`
  ? Base
  : K;

/** Every string there is: `feature.key`, plural forms without their suffix (give `count`). */
export type Key = Leaves<typeof en>;
export type Params = Record<string, string | number>;

const loaders = import.meta.glob<Record<string, unknown>>(['./*/index.ts', '!./en/index.ts'], { import: 'default' });
const codes = Object.keys(loaders)
  .map((path) => path.replace('./', '').replace('/index.ts', ''))
  .sort();

/** Languages that can be chosen, English first, each with its own name for itself. */
export const locales: readonly { code: string; name: string }[] = ['en', ...codes].map((code) => ({
  code,
  name: new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code,
}));

const engine = i18next.createInstance();
void engine.init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  initAsync: false,
  interpolation: { escapeValue: false }, // Svelte escapes what it prints
  returnEmptyString: false,
});

let current = $state('en');

/** The language in use; read it anywhere in a component and it re-renders when the language changes. */
export const locale = {
  get current(): string {
    return current;
  },
  /** BCP 47 tag for Intl: our users are in India. */
  get tag(): string {
    return `${current}-IN`;
  },
};

/** True for the code of a language that can be chosen. */
export function isKnownLocale(code: string): boolean {
  return locales.some((known) => known.code === code);
}

/** The translated string. Reactive: it reads the language. A placeholder without a value is shouted about while developing. */
export function t(key: Key, params: Params = {}): string {
  const text = engine.t(key, { lng: current, ...params });
  if (import.meta.env.DEV && text.includes('{{')) console.error(`i18n: ${key} misses a value: ${text}`);
  return text;
}

/** True when the key exists; for keys made at runtime, such as `errors.<CODE>`. */
export function isKey(key: string): key is Key {
  return engine.exists(key, { lng: 'en' });
}

/** Switches the language, remembers it, and sets `<html lang>`. Rejects, changing nothing, when its files cannot be loaded. */
export async function setLocale(code: string): Promise<void> {
  if (!locales.some((l) => l.code === code)) throw new Error(`no such language: ${code}`);
  const load = loaders[`./${code}/index.ts`];
  if (load && !engine.hasResourceBundle(code, 'translation')) {
    engine.addResourceBundle(code, 'translation', await load());
  }
  current = code;
  document.documentElement.lang = code;
  writePref('locale', code);
}

/** At start: the remembered language, else the first one of the browser's that we have, else English. Never rejects. */
export async function startI18n(): Promise<void> {
  const wanted = [readPref('locale'), ...navigator.languages.map((l) => l.slice(0, 2).toLowerCase())];
  const code = wanted.find((w) => typeof w === 'string' && locales.some((l) => l.code === w));
  await setLocale(typeof code === 'string' ? code : 'en').catch(() => setLocale('en'));
}
