import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { noticeKinds } from '../../../shared/state/notices.ts';
import en from '../i18n/en/notifications.json' with { type: 'json' };
import hi from '../i18n/hi/notifications.json' with { type: 'json' };

interface Shown {
  readonly title: string;
  readonly options: { readonly body: string; readonly data: { readonly path: string } };
}

/** What the service worker shows for a message. */
function shownFor(message: unknown): Shown {
  const listeners = new Map<string, (event: unknown) => void>();
  const shown: Shown[] = [];
  const self = {
    addEventListener: (name: string, listener: (event: unknown) => void) => listeners.set(name, listener),
    registration: { showNotification: (title: string, options: Shown['options']) => shown.push({ title, options }) },
  };
  const code = readFileSync(join(import.meta.dirname, '../../public/sw.js'), 'utf8');
  runInNewContext(code, { self });
  listeners.get('push')?.({ data: { json: () => message }, waitUntil: () => undefined });
  return shown[0]!;
}

describe('[E3] the service worker', () => {
  test.each(['en', 'hi'])('has its own words for every kind in %s', (lang) => {
    const titles = noticeKinds.map((kind) => shownFor({ kind, lang }).title);
    expect(new Set(titles).size).toBe(noticeKinds.length);
    expect(titles).not.toContain(shownFor({ kind: 'unheard of', lang }).title);
  });

  test('says the same as the page', () => {
    expect(shownFor({ kind: 'queue.called', lang: 'hi' }).title).toBe(hi.kinds.queue.called.title);
    expect(shownFor({ kind: 'queue.noShow', lang: 'en' }).title).toBe(en.kinds.queue.noShow.title);
  });

  test.each([
    '//evil.example.org',
    'https://evil.example.org',
    '/\\evil.example.org',
    'javascript:alert(1)',
    7,
    undefined,
  ])('leads to a page of ours whatever the message says: %s', (path) => {
    expect(shownFor({ kind: 'queue.called', path }).options.data.path).toBe('/');
  });
});
