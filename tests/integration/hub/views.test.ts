import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { chatKind } from '../../../server/chat/kind.ts';
import { streamStart } from '../../../server/hub/streamStart.ts';
import { Streams } from '../../../server/store/streams/index.ts';
import { place, type Place } from '../../../shared/contract/queueViews.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { uuid } from '../../support/histories.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let other: TestHub;
beforeAll(async () => {
  hub = await testHub();
  other = await testHub({}, hub);
});
afterAll(async () => {
  await other.close();
  await hub.close();
});

const viewed = (client: TestClient, entryId: string, wanted: (state: Place) => boolean, what: string) =>
  client.view('place', entryId, place, wanted, what);

describe('[C8] views', () => {
  test('who comes back hears of a change to what was sent before they left', async () => {
    const [patient, staff] = [await hub.as('patient'), await hub.as('staff')];
    const { sessions } = await staff.call('queue.sessions', {});
    const sessionId = sessions[0]?.id ?? '';
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const { entryId } = await patient.call('queue.join', { sessionId, patientId, mode: 'video', reason: 'Cough' });
    const urgent = {
      sessionId,
      name: 'Ahead',
      age: 40,
      gender: 'other',
      reason: 'Pain',
      priority: 'emergency',
    } as const;
    const start = await patient.subscribe('place', entryId);
    const ahead = start.kind === 'view' ? place.parse(start.state).ahead : -1;

    const first = await staff.call('queue.addWalkIn', urgent);
    await viewed(patient, entryId, (state) => state.ahead === ahead + 1, 'one more ahead');
    patient.close();
    const second = await staff.call('queue.addWalkIn', urgent);
    const back = await hub.as('patient');
    const again = await back.subscribe('place', entryId);
    expect(again.kind === 'view' && place.parse(again.state).ahead).toBe(ahead + 2);
    // Back to exactly what was sent last, before the line broke.
    await staff.call('queue.cancel', { sessionId, entryId: second.entryId });
    await viewed(back, entryId, (state) => state.ahead === ahead + 1, 'the way back to one more ahead');
    await staff.call('queue.cancel', { sessionId, entryId: first.entryId });
    await viewed(back, entryId, (state) => state.ahead === ahead, 'nobody more ahead');
    await back.call('queue.leave', { entryId });
  });

  test('places and one’s list of places follow what another hub wrote', async () => {
    const [here, there] = [await hub.as('patient2'), await other.as('patient2')];
    const account = here.signedIn.account;
    // The other hub has not had this queue in memory yet.
    const sessions = await here.call('queue.sessions', {});
    const sessionId = sessions.sessions[1]?.id ?? '';
    const mine = z.object({ entryIds: z.array(z.string()) });
    await there.subscribe('myPlaces', account.id);
    const wish = { sessionId, patientId: account.patients[0]?.id ?? '', mode: 'video', reason: 'Cough' } as const;
    const { entryId } = await here.call('queue.join', wish);
    await there.view(
      'myPlaces',
      account.id,
      mine,
      (state) => state.entryIds.includes(entryId),
      'the new place in the list',
    );
    await there.subscribe('place', entryId);
    await here.call('queue.leave', { entryId });
    await viewed(there, entryId, (state) => state.state === 'cancelled', 'the place to be given up');
    await there.view('myPlaces', account.id, mine, (state) => !state.entryIds.includes(entryId), 'the list without it');
  });

  test('a subscriber that comes in the middle of a burst misses nothing', async () => {
    const streams = new Streams({ db: hub.database.db, hub: 'burst', now: Date.now }).of(chatKind);
    const joined: { start: number; heard: number[] }[] = [];
    const listening = new Set<{ start: number; heard: number[] }>();
    streams.onCommit(({ events }) => {
      for (const one of listening) one.heard.push(...events.map((event) => event.seq));
    });
    const total = 300;
    const subscribe = async (): Promise<void> => {
      const one = { start: 0, heard: [] as number[] };
      const start = await streamStart(
        streams,
        'burst',
        undefined,
        () => listening.add(one),
        (state) => state,
      );
      one.start = start.kind === 'snapshot' ? start.seq : -1;
      joined.push(one);
    };
    await Promise.all(
      Array.from({ length: total }, async (_, i) => {
        const author = uuid(1);
        const command = { key: `burst${i}`, accountId: author, role: 'patient' };
        const posted = streams.command('burst', command, () => ({
          type: 'posted',
          data: { messageId: uuid(i), author, text: 'x' },
        }));
        if (i % 2) await posted;
        await subscribe();
        await posted;
        await subscribe();
      }),
    );
    await until('every event to be told', () =>
      joined.every(({ start, heard }) => start === total || heard.at(-1) === total),
    );
    for (const { start, heard } of joined) {
      // The first event heard continues the snapshot; none is missing after it.
      const fresh = heard.filter((seq) => seq > start);
      expect(fresh).toEqual(Array.from({ length: total - start }, (_, i) => start + 1 + i));
    }
  });

  test('a request id that was used for something else is refused, not answered with the other’s outcome', async () => {
    const [doctor, patient] = [await hub.as('doctor'), await hub.as('patient')];
    const sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
    const reused = { code: 'REQUEST_REUSED' };
    const called = await doctor.call('queue.callNext', { sessionId, seen: null }, 'one-request-1');
    const ofEntry = { sessionId, entryId: called.entryId };
    await expect(doctor.call('queue.start', ofEntry, 'one-request-1')).rejects.toMatchObject(reused);
    expect(await doctor.call('queue.callNext', { sessionId, seen: null }, 'one-request-1')).toEqual(called);
    await doctor.call('queue.skip', ofEntry, 'one-request-2');
    await expect(doctor.call('queue.skip', { sessionId, entryId: uuid(5) }, 'one-request-2')).rejects.toMatchObject(
      reused,
    );
    const patientId = patient.signedIn.account.patients[0]?.id ?? '';
    const { entryId } = await patient.call('queue.join', { sessionId, patientId, mode: 'video', reason: 'Cough' });
    const first = await patient.call('chat.send', { threadId: entryId, text: 'one' }, 'one-request-3');
    await expect(patient.call('chat.send', { threadId: entryId, text: 'two' }, 'one-request-3')).rejects.toMatchObject(
      reused,
    );
    expect(await patient.call('chat.send', { threadId: entryId, text: 'one' }, 'one-request-3')).toEqual(first);
  });

  test('refusals are counted as what they are', async () => {
    const patient = await hub.as('patient2');
    await expect(patient.call('queue.leave', { entryId: uuid(7) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const metrics = await (await fetch(`${hub.url}/metrics`)).text();
    expect(metrics).toMatch(/nadi_operations_total\{operation="queue.leave",transport="socket",code="NOT_FOUND"\} 1/);
  });
});
