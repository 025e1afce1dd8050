import { describe, expect, test } from 'vitest';
import { accountChange, noticeKinds } from '../../../shared/state/notices.ts';
import { directKinds } from '../documents.ts';
import { smsParts } from '../rules.ts';
import en from './en.json' with { type: 'json' };
import hi from './hi.json' with { type: 'json' };
import { accountChangeWords } from './accountChanges.ts';
import { render, template } from './index.ts';

const kinds = [...noticeKinds, ...directKinds];
/** As long as they usually get. */
const facts = {
  en: { doctor: 'Dr. Meenakshi Sundaram', patient: 'Venkatanarasimha Rao', clinic: 'Nadi Community Clinic, Bengaluru' },
  hi: { doctor: 'डॉ. मीनाक्षी सुंदरम', patient: 'वेंकट नरसिंह राव', clinic: 'नाड़ी सामुदायिक क्लिनिक' },
};
const rest = {
  token: 'A-017',
  title: 'News',
  body: 'We moved.\nSee you there.',
  outcome: 'Verified.',
  reason: 'It fits.',
  code: '123456',
  host: 'clinic.example.org',
};
const link = 'https://nadi.example.org/patient';

describe.each(['en', 'hi'] as const)('[E3] templates in %s', (language) => {
  test('cover every kind, and no other', () => {
    const words = { en, hi }[language];
    expect(Object.keys(words).sort()).toEqual([...kinds].sort());
    for (const one of Object.values(words)) template.parse(one);
  });

  test.each(kinds)('%s fills every channel; an SMS takes two parts at most', (kind) => {
    const rendered = render(kind, language, { ...facts[language], ...rest, link });
    for (const text of Object.values(rendered)) expect(text).not.toMatch(/\{\{|undefined/);
    expect(rendered.subject).not.toMatch(/\n/);
    expect(smsParts(rendered.sms), rendered.sms).toBeLessThanOrEqual(2);
    expect(rendered.html).toContain(`lang="${language}"`);
  });

  test('both languages name the same facts', () => {
    const named = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name).sort();
    for (const kind of kinds)
      expect([kind, new Set(named(hi[kind].text))]).toEqual([kind, new Set(named(en[kind].text))]);
  });
});

test('[A3] an SMS with a code ends in the line that browsers fill it in by', () => {
  for (const language of ['en', 'hi'] as const) {
    const { sms } = render('account.otp', language, { code: '012345', host: 'clinic.example.org', link });
    expect(sms.split('\n').at(-1)).toBe('@clinic.example.org #012345');
    expect(sms.split('\n')[0]).toContain('012345');
  }
});

test.each(accountChange.options)('[A5] %s is told in an SMS of two parts at most', (change) => {
  for (const language of ['en', 'hi'] as const) {
    const said = { ...accountChangeWords(language, change), link: 'https://nadi.example.org/account' };
    const { sms, subject } = render('account.changed', language, said);
    expect(smsParts(sms), sms).toBeLessThanOrEqual(2);
    expect(subject).toBe(said.title);
  }
});

test('a name cannot break out of a mail, nor a header', () => {
  const evil = '<script>alert(1)</script>\r\nBcc: all@example.org';
  const rendered = render('queue.called', 'en', { ...rest, doctor: evil, patient: evil, link });
  expect(rendered.html).not.toContain('<script>');
  expect(render('announcement', 'en', { title: evil, body: 'x', link }).subject).not.toMatch(/[\r\n]/);
  expect(() => render('queue.called', 'en', { link })).toThrow(/misses token/);
});
