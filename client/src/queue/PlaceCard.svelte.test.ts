import { render, screen } from '@testing-library/svelte';
import { flushSync } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import type { Place } from '../../../shared/contract/queueViews.ts';
import { announcements } from '../ui/announce.svelte.ts';
import PlaceCard from './PlaceCard.svelte';

const place: Place = {
  entryId: '00000000-0000-4000-8000-000000000001',
  sessionId: '00000000-0000-4000-8000-000000000002',
  patientId: '00000000-0000-4000-8000-000000000003',
  patientName: 'Asha Verma',
  token: 'A-014',
  mode: 'video',
  state: 'waiting',
  ahead: 3,
  range: { low: 20, high: 30 },
  recalls: 0,
  joinedAt: Date.now(),
  calledAt: null,
  startedAt: null,
  endedAt: null,
  checkedInAt: null,
  clinicId: '00000000-0000-4000-8000-000000000004',
  doctorName: 'Dr Rao',
  clinicName: 'Nadi Clinic',
  zone: 'Asia/Kolkata',
  doctor: 'consulting',
  pause: null,
  deskClosed: false,
  movedTo: null,
  movedFrom: null,
};

describe('PlaceCard', () => {
  it('says the place in one glance, and what changes to a screen reader, but not the first state', async () => {
    announcements.polite = '';
    const { rerender } = render(PlaceCard, { place, named: true, onputaway: vi.fn() });
    flushSync();
    expect(screen.getByTestId('place-headline').textContent).toBe('3 people before you');
    expect(screen.getByTestId('place-range').textContent).toBe('About 20–30 min');
    expect(screen.getByText('Dr Rao is with a patient.')).toBeTruthy();
    expect(announcements.polite).toBe('');
    await rerender({ place: { ...place, ahead: 2 } });
    expect(announcements.polite).toBe('A-014. 2 people before you');
    // A new estimate alone is no news.
    announcements.polite = '';
    await rerender({ place: { ...place, ahead: 2, range: { low: 15, high: 25 } } });
    expect(announcements.polite).toBe('');
  });

  it('offers the call to whoever is called to one, and the door to who comes in person', async () => {
    const called: Place = { ...place, state: 'called', ahead: 0, range: null, calledAt: 1 };
    const { rerender } = render(PlaceCard, { place: called, named: false, onputaway: vi.fn() });
    expect(screen.getByRole('link', { name: 'Join the call' }).getAttribute('href')).toBe(`/consult/${place.entryId}`);
    await rerender({ place: { ...called, mode: 'in-person' } });
    expect(screen.queryByRole('link')).toBeNull();
    expect(screen.getByText('Please come in')).toBeTruthy();
  });

  it('can be given up until the consultation begins, and put away when it is over', async () => {
    const onputaway = vi.fn();
    const { rerender } = render(PlaceCard, { place, named: false, onputaway });
    expect(screen.getByRole('button', { name: /Leave the queue/ })).toBeTruthy();
    await rerender({ place: { ...place, state: 'in-consultation' } });
    expect(screen.queryByRole('button', { name: /Leave the queue/ })).toBeNull();
    await rerender({ place: { ...place, state: 'done' } });
    screen.getByRole('button', { name: 'Close this card' }).click();
    expect(onputaway).toHaveBeenCalledOnce();
  });
});
