import { describe, expect, it } from 'vitest';
import type { DeskSession, Place } from '../../../shared/contract/queueViews.ts';
import { entryState } from '../../../shared/state/queue.ts';
import {
  barOf,
  callKey,
  canLeave,
  faceOf,
  openDesks,
  pauseKey,
  takenBack,
  takenPlaces,
  withoutMoved,
} from './rules.ts';

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
  checkedInAt: null,
  clinicId: 'c1',
  doctorName: 'Dr Rao',
  clinicName: 'Nadi',
  zone: 'Asia/Kolkata',
  doctor: 'free',
  pause: null,
  deskClosed: false,
  movedTo: null,
  movedFrom: null,
};
const desk = (id: string, clinicId: string, waiting: number): DeskSession => ({
  id,
  clinicId,
  clinicName: `Clinic ${clinicId}`,
  doctorId: id,
  zone: 'Asia/Kolkata',
  doctorName: `Dr ${id}`,
  specialty: '',
  label: '',
  startsAt: 0,
  waiting,
  range: null,
  doctor: 'free',
  pause: null,
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

  it('tells a desk that closed from a place that was given up', () => {
    expect(faceOf({ ...place, state: 'cancelled' })).toBe('cancelled');
    expect(faceOf({ ...place, state: 'cancelled', deskClosed: true })).toBe('desk-closed');
    expect(faceOf({ ...place, state: 'no-show', deskClosed: true })).toBe('desk-closed');
    expect(faceOf({ ...place, state: 'transferred', deskClosed: true })).toBe('transferred');
  });
});

it('lets a patient leave until the consultation begins', () => {
  expect(entryState.options.filter((state) => canLeave({ state }))).toEqual([
    'waiting',
    'called',
    'on-hold',
    'skipped',
  ]);
});

it('says a break by its end while that lies ahead, never a time that has passed', () => {
  expect(pauseKey({ reason: 'break', until: 100 }, 99)).toBe('break.until');
  expect(pauseKey({ reason: 'late', until: 100 }, 100)).toBe('late.overdue');
  expect(pauseKey({ reason: 'emergency', until: null }, 100)).toBe('emergency.open');
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

it('notices a call that was taken back, and nothing else', () => {
  const before = new Map([['e1', { state: 'called' as const }]]);
  expect(takenBack(before, [place])).toEqual([place]);
  expect(takenBack(before, [{ ...place, state: 'skipped' }])).toEqual([]);
  expect(takenBack(new Map([['e1', { state: 'on-hold' as const }]]), [place])).toEqual([]);
  expect(takenBack(new Map(), [place])).toEqual([]);
});

it('lets the card of a moved place give way to the place it moved to, not before that is there', () => {
  const moved: Place = { ...place, state: 'transferred', movedTo: { entryId: 'e9', doctorName: 'Dr Sen' } };
  const there: Place = { ...place, entryId: 'e9', movedFrom: { doctorName: 'Dr Rao' } };
  expect(withoutMoved([moved])).toEqual([moved]);
  expect(withoutMoved([moved, there])).toEqual([there]);
});
