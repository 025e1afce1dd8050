import { describe, expect, test } from 'vitest';
import { checkWalkIn, emptyForm, type WalkInForm } from './walkIn.ts';

const sessionId = '0b9fbd16-5a3c-4f5e-9e62-2f7a5b9b8a10';
const form = (more: Partial<WalkInForm> = {}): WalkInForm => ({
  ...emptyForm(sessionId),
  name: ' Meena  Sharma ',
  age: '34',
  gender: 'female',
  reason: 'Cough',
  ...more,
});

describe('[C1] the walk-in form', () => {
  test('what is sent, with the phone left out when empty', () => {
    const checked = checkWalkIn(form());
    expect(checked).toEqual({
      ok: true,
      input: { sessionId, name: 'Meena  Sharma', age: 34, gender: 'female', reason: 'Cough', priority: 'normal' },
    });
  });

  test('digits of a Hindi keyboard, and phones as people write them', () => {
    const checked = checkWalkIn(form({ age: '३४', phone: '(०२२) 2345.6789' }));
    expect(checked).toMatchObject({ ok: true, input: { age: 34, phone: '022 2345 6789' } });
  });

  test('an empty form names every field that is needed, in the order of the form', () => {
    expect(checkWalkIn(emptyForm(''))).toEqual({ ok: false, wrong: ['name', 'age', 'gender', 'reason', 'sessionId'] });
  });

  test.each(['-1', '131', '3.5', 'old', '1e2', ''])('age %j is refused', (age) => {
    expect(checkWalkIn(form({ age }))).toEqual({ ok: false, wrong: ['age'] });
  });
  test.each(['12345', 'none', '+91 98450 01234 98765 432'])('phone %j is refused', (phone) => {
    expect(checkWalkIn(form({ phone }))).toEqual({ ok: false, wrong: ['phone'] });
  });
  test('a newborn is 0 years old', () => {
    expect(checkWalkIn(form({ age: '0' }))).toMatchObject({ ok: true, input: { age: 0 } });
  });
});
