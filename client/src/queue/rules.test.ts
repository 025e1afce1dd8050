import { describe, expect, it } from 'vitest';
import type { DeskSession, Place } from '../../../shared/contract/queue.ts';
import { barOf, callKey, canLeave, faceOf, openDesks, takenPlaces } from './rules.ts';

const place: Place = {
  entryId: 'e1',
  sessionId: 's1',
  patientId: 'p1',
  patientName: 'Asha',
  token: 'A-003',
  mode: 'video',
  state: 'waiting',
  ahead: 2,
  range: { low: 10, high: 20 },
  recalls: 0,
  joinedAt: 0,
  calledAt: null,
  startedAt: null,
  endedAt: null,
  doctorName: 'Dr Rao',
  clinicName: 'Nadi',
  doctor: 'free',
};
const desk = (id: string, clinicId: string, waiting: number): DeskSession => ({
  id,
  clinicId,
  clinicName: `Clinic ${clinicId}`,
  doctorName: `Dr ${id}`,
  specialty: '',
  label: '',
  startsAt: 0,
  waiting,
  range: null,
  doctor: 'free',
});

describe('faceOf', () => {
  it('tells the next one, and how a called patient meets the doctor', () => {
    expect(faceOf(place)).toBe('waiting');
    expect(faceOf({ ...place, ahead: 0 })).toBe('next');
    expect(faceOf({ ...place, state: 'called', ahead: 0 })).toBe('called-video');
    expect(faceOf({ ...place, state: 'called', mode: 'in-person' })).toBe('called-here');
    expect(faceOf({ ...place, state: 'in-consultation' })).toBe('meeting-video');
    expect(faceOf({ ...place, state: 'in-consultation', mode: 'in-person' })).toBe('meeting-here');
    expect(faceOf({ ...place, state: 'done' })).toBe('done');
  });
});

it('lets a patient leave until the consultation begins', () => {
  const states = ['waiting', 'called', 'in-consultation', 'done', 'skipped', 'cancelled'] as const;
  expect(states.filter((state) => canLeave({ state }))).toEqual(['waiting', 'called', 'skipped']);
});

it('rings anew for every call and recall, and for nothing else', () => {
  const called: Place = { ...place, state: 'called', calledAt: 5_000 };
  expect(callKey(place)).toBeNull();
  expect(callKey({ ...called, ...{ ahead: 7, doctor: 'calling' } })).toBe(callKey(called));
  expect(callKey({ ...called, recalls: 1 })).not.toBe(callKey(called));
  expect(callKey({ ...called, calledAt: 9_000 })).not.toBe(callKey(called));
});

it('has a bar that only moves forward while the estimate holds, also after a reload', () => {
  const bar = (minutes: number, low: number, high: number) =>
    barOf({ joinedAt: 0, range: { low, high } }, minutes * 60_000);
  expect(bar(0, 10, 20)).toEqual({ waited: 0, earliest: 50 });
  expect(bar(10, 0, 10)).toEqual({ waited: 50, earliest: 50 });
  expect(bar(20, 0, 0)).toEqual({ waited: 100, earliest: 100 });
  expect(barOf({ joinedAt: 99_000, range: { low: 0, high: 0 } }, 0)).toEqual({ waited: 0, earliest: 0 });
  expect(barOf({ joinedAt: 0, range: null }, 0)).toBeNull();
});

describe('openDesks', () => {
  it('prefers the live lobby of a clinic, keeps the first answer for the others, shortest queue first', () => {
    const first = [desk('a', '1', 9), desk('b', '1', 2), desk('c', '2', 0)];
    expect(openDesks(first, new Map()).map((one) => one.id)).toEqual(['b', 'a', 'c']);
    const lobby = new Map([['1', [desk('a', '1', 1)]]]);
    expect(openDesks(first, lobby).map((one) => [one.id, one.waiting])).toEqual([
      ['a', 1],
      ['c', 0],
    ]);
  });

  it('drops a desk that closed', () => {
    expect(openDesks([desk('a', '1', 9)], new Map([['1', []]]))).toEqual([]);
  });
});

it('knows who has a place already', () => {
  const over: Place = { ...place, entryId: 'e2', patientId: 'p2', state: 'done' };
  expect([...takenPlaces([place, over]).keys()]).toEqual(['p1']);
});
