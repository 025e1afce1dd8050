import { describe, expect, it } from 'vitest';
import { errorStatus } from '../../../shared/errors.ts';
import registry from './en/index.ts';

/** Words a reader of Hindi also sees in Latin letters; everything else must be written in Devanagari. */
const latinAllowed = new Set<string>([]);

const files = import.meta.glob<Record<string, unknown>>('./*/*.json', { eager: true, import: 'default' });
const languages = new Map<string, Map<string, string>>();
for (const [path, content] of Object.entries(files)) {
  const [, language = '', file = ''] = path.split('/');
  const strings = languages.get(language) ?? new Map<string, string>();
  flatten(content, file.replace('.json', ''), strings);
  languages.set(language, strings);
}

function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (typeof value === 'string') into.set(path, value);
  else for (const [key, child] of Object.entries(value as object)) flatten(child, `${path}.${key}`, into);
}

const placeholders = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1] ?? '').sort();
const stem = (key: string): string => key.replace(/_(zero|one|two|few|many|other)$/, '');
const english = languages.get('en') ?? new Map<string, string>();
const others = [...languages].filter(([code]) => code !== 'en');

describe('English', () => {
  it('lists each of its files in index.ts', () => {
    const onDisk = Object.keys(files).flatMap((p) => (p.startsWith('./en/') ? [p.slice(5, -5)] : []));
    expect(Object.keys(registry).sort()).toEqual(onDisk.sort());
  });

  it('has a sentence for every error code there is', () => {
    const missing = Object.keys(errorStatus).filter((code) => !english.has(`errors.${code}`));
    expect(missing).toEqual([]);
  });
});

it('has Hindi', () => {
  expect(others.map(([code]) => code)).toContain('hi');
});

describe.each(others)('%s', (code, strings) => {
  it('has the same strings as English', () => {
    const stems = (m: Map<string, string>): string[] => [...new Set([...m.keys()].map(stem))].sort();
    expect(stems(strings)).toEqual(stems(english));
  });

  it('has every plural form its grammar needs', () => {
    const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
    const plural = new Set([...english.keys()].filter((k) => k.endsWith('_other')).map(stem));
    const missing = [...plural].flatMap((key) => forms.map((f) => `${key}_${f}`).filter((k) => !strings.has(k)));
    expect(missing).toEqual([]);
  });

  it('uses the same placeholders as English', () => {
    const reference = (key: string): string | undefined => english.get(key) ?? english.get(`${stem(key)}_other`);
    const wrong = [...strings].filter(([key, text]) => {
      const source = reference(key);
      return source !== undefined && placeholders(text).join() !== placeholders(source).join();
    });
    expect(wrong).toEqual([]);
  });
});

it('has no empty string in any language', () => {
  const empty = [...languages].flatMap(([code, m]) =>
    [...m].filter(([, s]) => s.trim() === '').map(([k]) => `${code}:${k}`),
  );
  expect(empty).toEqual([]);
});

it('leaves no Hindi string in Latin letters', () => {
  const latin = [...(languages.get('hi') ?? [])].filter(([key, text]) => {
    const words = text.replace(/\{\{\w+\}\}/g, '');
    return /[A-Za-z]/.test(words) && !/[\u0900-\u097F]/.test(words) && !latinAllowed.has(key);
  });
  expect(latin).toEqual([]);
});
