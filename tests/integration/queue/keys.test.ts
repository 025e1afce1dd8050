import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { board, type Board } from '../../../shared/contract/board.ts';
import { linkedPlace, triages } from '../../../shared/contract/queueViews.ts';
import { contractVersion, reply, subscribed, viewFrame, type ViewFrame } from '../../../shared/contract/wire.ts';
import { limits } from '../../../shared/limits.ts';
import { Keys } from '../../../server/queue/keys.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { toError } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

let hub: TestHub;
let doctor: TestClient;
let staff: TestClient;
let patient: TestClient;
let sessionId: string;
let clinicId: string;
let patientId: string;
const sockets: Socket[] = [];

/** Somebody without an account. */
class Visitor {
  readonly socket: Socket;
  readonly views: ViewFrame[] = [];
  readonly closed: unknown[] = [];

  constructor(url: string) {
    this.socket = io(url, {
      transports: ['websocket'],
      auth: { token: null, contract: contractVersion },
      forceNew: true,
      reconnection: false,
    });
    this.socket.on('view', (frame: unknown) => this.views.push(viewFrame.parse(frame)));
    this.socket.on('closed', (frame: unknown) => this.closed.push(frame));
    sockets.push(this.socket);
  }

  static async at(url: string): Promise<Visitor> {
    const visitor = new Visitor(url);
    await until('a visitor is connected', () => visitor.socket.connected);
    return visitor;
  }

  async ask(event: string, frame: unknown): Promise<unknown> {
    const answer = reply.parse(await this.socket.timeout(10_000).emitWithAck(event, frame));
    if (!answer.ok) throw toError(answer);
    return answer.data;
  }

  async watch(channel: string, key: string): Promise<unknown> {
    const answer = subscribed.parse(await this.ask('subscribe', { channel, key }));
    return answer.kind === 'view' ? answer.state : null;
  }

  async board(key: string, wanted: (state: Board) => boolean, what: string): Promise<Board> {
    return await until(what, () => {
      const frame = this.views.findLast((one) => one.key === key);
      const state = frame ? board.parse(frame.state) : null;
      return state && wanted(state) ? state : null;
    });
  }
}

beforeAll(async () => {
  hub = await testHub();
  [doctor, staff, patient] = await Promise.all([hub.as('doctor'), hub.as('staff'), hub.as('patient')]);
  sessionId = (await doctor.call('queue.sessions', {})).sessions[0]?.id ?? '';
  clinicId = staff.signedIn.account.clinics[0]?.id ?? '';
  patientId = patient.signedIn.account.patients[0]?.id ?? '';
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await hub.close();
});

describe('[C4] a public board', () => {
  test('shows tokens and nothing else, announces each call, follows desks, and goes dark when taken down', async () => {
    const wish = { clinicId, doctorId: null, name: 'Hall' };
    const { boardId } = await staff.call('board.create', wish, 'board-request-1');
    expect(await staff.call('board.create', wish, 'board-request-1')).toEqual({ boardId });
    await expect(staff.call('board.create', { ...wish, name: 'X' }, 'board-request-1')).rejects.toMatchObject({
      code: 'REQUEST_REUSED',
    });
    expect((await staff.call('board.list', { clinicId })).boards).toMatchObject([{ id: boardId, name: 'Hall' }]);
    const visitor = await Visitor.at(hub.url);
    const first = board.parse(await visitor.watch('board', boardId));
    expect(first.zone).toBe('Asia/Kolkata');
    expect(first.desks).toHaveLength(2);
    expect(first.desks[0]).toMatchObject({ now: null, next: ['A-003', 'A-001'], waiting: 3 });

    const { entryId } = await doctor.call('queue.callNext', { sessionId, seen: null });
    const called = await visitor.board(boardId, (state) => state.desks[0]?.now?.state === 'called', 'the call');
    expect(called.desks[0]).toMatchObject({ now: { token: 'A-003' }, next: ['A-001', 'A-002'], waiting: 2 });
    await doctor.call('queue.recall', { sessionId, entryId });
    const again = called.desks[0]?.now?.call ?? 0;
    await visitor.board(boardId, (state) => (state.desks[0]?.now?.call ?? 0) > again, 'the repeated call');

    const other = await hub.as('doctor2');
    const theirs = (await other.call('queue.sessions', {})).sessions[0]?.id ?? '';
    await other.call('queue.pause', { sessionId: theirs, reason: 'break', until: null });
    await visitor.board(boardId, (state) => state.desks[1]?.pause?.reason === 'break', 'the break');
    await other.call('queue.closeDesk', { sessionId: theirs, rest: 'cancel' });
    await visitor.board(boardId, (state) => state.desks.length === 1, 'the closed desk to go');

    const stranger = await hub.as('patient2');
    await expect(stranger.call('board.remove', { boardId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await staff.call('board.remove', { boardId });
    await until('the board to go dark', () => visitor.closed.length === 1, { timeoutMs: 5_000 });
    await expect(visitor.watch('board', boardId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await doctor.call('queue.skip', { sessionId, entryId });
  });
});

describe('[C3 C5] a link to a place', () => {
  test('shows it without a name to whoever holds the link; the desk checks in by it', async () => {
    const wish = { sessionId, patientId, mode: 'in-person' as const, reason: 'Cough' };
    const { entryId, token } = await patient.call('queue.join', wish);
    const { key, url, expiresAt } = await staff.call('queue.placeLink', { sessionId, entryId });
    expect(url).toBe(`/place/${key}`);
    expect((await patient.call('queue.placeLink', { sessionId, entryId })).expiresAt).toBe(expiresAt);
    expect(expiresAt - Date.now()).toBeGreaterThan(24 * 3600_000);
    const stranger = await hub.as('patient2');
    await expect(stranger.call('queue.placeLink', { sessionId, entryId })).rejects.toMatchObject({ code: 'NOT_FOUND' });

    const visitor = await Visitor.at(hub.url);
    const seen = await visitor.watch('linkedPlace', key);
    expect(linkedPlace.strict().parse(seen)).toMatchObject({ token, state: 'waiting', ahead: 2 });
    expect(JSON.stringify(seen)).not.toContain('Asha');
    expect(JSON.stringify(seen)).not.toContain(patientId);

    const { entryId: found } = await staff.call('queue.scanArrived', { clinicId, code: key }, 'scan-request-1');
    expect(found).toBe(entryId);
    await staff.call('queue.scanArrived', { clinicId, code: key }, 'scan-request-1');
    await until('the link to say so', () =>
      visitor.views.some((frame) => linkedPlace.parse(frame.state).checkedInAt !== null),
    );
    const forged = new Keys('x'.repeat(43)).sign('place-link', entryId, Date.now() + 60_000);
    await expect(visitor.watch('linkedPlace', forged)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const old = new Keys(hub.env['NADI_SECRET'] ?? '').sign('place-link', entryId, Date.now() - 120_000);
    await expect(visitor.watch('linkedPlace', old)).rejects.toMatchObject({ code: 'LINK_EXPIRED' });
    const wrongPurpose = (await staff.call('queue.checkInCode', { clinicId })).code;
    await expect(visitor.watch('linkedPlace', wrongPurpose)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await patient.call('queue.leave', { entryId });
  });

  test('goes with its patient to the next desk, and to the one after', async () => {
    const other = await hub.as('doctor2');
    const { sessionId: elsewhere } = await other.call('queue.openSession', { clinicId, label: 'Evening' });
    const wish = { sessionId, patientId, mode: 'in-person' as const, reason: 'Cough' };
    const first = await patient.call('queue.join', wish);
    const { key } = await staff.call('queue.placeLink', { sessionId, entryId: first.entryId });
    const visitor = await Visitor.at(hub.url);
    await visitor.watch('linkedPlace', key);
    const shown = () =>
      visitor.views.filter((frame) => frame.key === key).map((frame) => linkedPlace.parse(frame.state));
    const lastShown = () => shown().at(-1);

    const there = await staff.call('queue.transfer', { sessionId, entryId: first.entryId, toSessionId: elsewhere });
    const moved = await until('the place at the other desk', () => {
      const place = lastShown();
      return place?.state === 'waiting' && place.doctorName !== 'Dr. Meera Rao' ? place : null;
    });
    const checkedIn = await staff.call('queue.scanArrived', { clinicId, code: key });
    expect(checkedIn).toMatchObject({ entryId: there.toEntryId, sessionId: elsewhere });
    await until('the arrival there', () => lastShown()?.checkedInAt !== null);

    const last = await staff.call('queue.transfer', {
      ...{ sessionId: elsewhere, entryId: there.toEntryId },
      toSessionId: sessionId,
    });
    const back = await until('the place back at the first desk', () => {
      const place = lastShown();
      return place?.state === 'waiting' && place.doctorName !== moved.doctorName ? place : null;
    });
    // Who comes to the link only now sees the same.
    const late = await Visitor.at(hub.url);
    expect(await late.watch('linkedPlace', key)).toMatchObject({ token: back.token, doctorName: back.doctorName });
    await patient.call('queue.leave', { entryId: last.toEntryId });
  });

  test('at the clinic one checks in with its code, from the waiting room without', async () => {
    const { code, url, expiresAt } = await staff.call('queue.checkInCode', { clinicId });
    expect(url).toBe(`/check-in#${code}`);
    expect(expiresAt - Date.now()).toBeLessThan(11.1 * 60_000);
    const join = (mode: 'video' | 'in-person') =>
      patient.call('queue.join', { sessionId, patientId, mode, reason: 'Cough' });
    const here = await join('in-person');
    const keys = new Keys(hub.env['NADI_SECRET'] ?? '');
    const elsewhere = keys.sign('check-in', sessionId, Date.now() + 60_000);
    const past = keys.sign('check-in', clinicId, Date.now() - 120_000);
    for (const [wrong, is] of [
      [undefined, 'INVALID_INPUT'],
      ['no-code', 'INVALID_INPUT'],
      [elsewhere, 'INVALID_INPUT'],
      [past, 'LINK_EXPIRED'],
    ] as const) {
      const input = { entryId: here.entryId, ...(wrong === undefined ? {} : { code: wrong }) };
      await expect(patient.call('queue.checkIn', input)).rejects.toMatchObject({ code: is });
    }
    await patient.call('queue.checkIn', { entryId: here.entryId, code });
    await expect(patient.call('queue.checkIn', { entryId: here.entryId, code })).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
    await patient.call('queue.leave', { entryId: here.entryId });
    const online = await join('video');
    await patient.call('queue.checkIn', { entryId: online.entryId });
    await patient.call('queue.leave', { entryId: online.entryId });
    const vias = await hub.database.db.collection('events').find({ type: 'checked-in' }).sort({ seq: 1 }).toArray();
    expect(vias.slice(-2).map((event) => JSON.stringify(event['data']).match(/"via":"([\w-]+)"/)?.[1])).toEqual([
      'qr',
      'waiting-room',
    ]);
  });
});

describe('who has no account', () => {
  test('may use what is public and nothing else, and not much of it', async () => {
    const visitor = await Visitor.at(hub.url);
    const op = (name: string, input: unknown) => visitor.ask('op', { name, input });
    await expect(op('queue.sessions', {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await op('system.info', {})).toMatchObject({ version: expect.any(String) });
    await expect(visitor.ask('activity', { away: true })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    for (const channel of ['queue', 'directory', 'place', 'lobby', 'presence', 'myPlaces']) {
      await expect(visitor.watch(channel, sessionId)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    const boards = await Promise.all(
      Array.from({ length: limits.subscriptionsPerVisitor + 1 }, (_, n) =>
        staff.call('board.create', { clinicId, doctorId: null, name: `Wall ${n}` }),
      ),
    );
    for (const { boardId } of boards.slice(1)) await visitor.watch('board', boardId);
    await expect(visitor.watch('board', boards[0]?.boardId ?? '')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe('[C1] opening a desk', () => {
  test('staff open one for a doctor of theirs; a second one is refused and names the first; a repeat is the same', async () => {
    const { doctors } = await staff.call('queue.doctors', { clinicId });
    expect(doctors.map((one) => one.name)).toEqual(['Dr. Imran Qureshi', 'Dr. Meera Rao']);
    expect((await doctor.call('queue.doctors', { clinicId })).doctors).toHaveLength(1);
    const [imran, meera] = doctors;
    expect(meera?.openSessionId).toBe(sessionId);
    const open = (doctorId = '', requestId = 'open-request-1') =>
      staff.call('queue.openSession', { clinicId, doctorId, label: 'Evening' }, requestId);
    await expect(open(meera?.id)).rejects.toMatchObject({ code: 'CONFLICT', details: { sessionId } });
    const before = imran?.openSessionId;
    if (before) await staff.call('queue.closeDesk', { sessionId: before, rest: 'cancel' });
    await until('the desk to be closed', async () => {
      const now = await staff.call('queue.doctors', { clinicId });
      return now.doctors[0]?.openSessionId === null;
    });
    const race = await Promise.allSettled([open(imran?.id), open(imran?.id), open(imran?.id, 'open-request-2')]);
    const opened = race.flatMap((one) => (one.status === 'fulfilled' ? [one.value.sessionId] : []));
    expect(new Set(opened).size).toBe(1);
    expect(race.some((one) => one.status === 'rejected')).toBe(true);
    const patient2 = await hub.as('patient2');
    await expect(patient2.call('queue.doctors', { clinicId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('[C5] triage', () => {
  test('readings and a priority: the desk sees the newest, earlier ones stay', async () => {
    await doctor.subscribe('triages', sessionId);
    const walkIn = { sessionId, name: 'Gita Rani', age: 41, gender: 'female' as const, reason: 'Dizzy' };
    const { entryId } = await staff.call('queue.addWalkIn', walkIn);
    const triage = (pulse: number, requestId: string) =>
      staff.call(
        'queue.triage',
        { sessionId, entryId, vitals: { pulse, oxygen: 97 }, note: 'Pale', priority: 'urgent' },
        requestId,
      );
    await triage(88, 'triage-request-1');
    await triage(131, 'triage-request-2');
    await triage(131, 'triage-request-2');
    const known = await doctor.view(
      'triages',
      sessionId,
      triages,
      (state) => state.entries[entryId]?.vitals.pulse === 131,
      'the readings',
    );
    expect(known.entries[entryId]).toMatchObject({ note: 'Pale', by: 'Sunita Joshi', priority: 'urgent' });
    expect(await hub.database.db.collection('triages').countDocuments({ entryId })).toBe(2);
    const events = JSON.stringify(await hub.database.db.collection('events').find({ type: 'triaged' }).toArray());
    expect(events).not.toContain('Pale');
    await staff.call('queue.cancel', { sessionId, entryId });
    await expect(triage(90, 'triage-request-3')).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect(await hub.database.db.collection('triages').countDocuments({ entryId })).toBe(2);
  });
});
