import { expect, it } from 'vitest';
import { pickVoice, sentence } from './speech.ts';

it('spells a token as people say it, in both languages', () => {
  const call = { token: 'A-017', doctorName: 'Dr. Meera Rao' };
  expect(sentence(call, 'en')).toBe('Token A 17, Doctor Meera Rao, please.');
  expect(sentence(call, 'hi')).toBe('टोकन ए 17, कृपया डॉक्टर Meera Rao के पास आएँ।');
  expect(sentence({ token: 'AB-100', doctorName: 'Room 2' }, 'en')).toBe('Token A B 100, Room 2, please.');
});

it('takes a voice of India, then one on this machine, and none of another language', () => {
  const voice = (lang: string, localService = true) => ({ lang, localService });
  const [us, gb, india, hindi] = [voice('en-US'), voice('en-GB', false), voice('en_IN', false), voice('hi-IN', false)];
  expect(pickVoice([us, gb, india, hindi], 'en')).toBe(india);
  expect(pickVoice([gb, us, hindi], 'en')).toBe(us);
  expect(pickVoice([us, gb, hindi], 'hi')).toBe(hindi);
  expect(pickVoice([us, voice('hil-PH')], 'hi')).toBeNull();
});
