import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { openedEvents } from '../../support/repos.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import type { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';
import { heard, snapshot, takePlace } from './support.ts';

let hub: TestHub;
let other: TestHub;
let patient: TestClient;
let doctor: TestClient;
let threadId: string;
beforeAll(async () => {
  hub = await testHub();
  other = await testHub({}, hub);
  patient = await hub.as('patient');
  doctor = await hub.as('doctor');
  threadId = (await takePlace(hub, patient)).entryId;
});
afterAll(async () => {
  await other.close();
  await hub.close();
});

describe('[E1] changed and taken back', () => {
  test('those who look see it at once; nobody who comes later is sent the words; the log keeps the trace', async () => {
    await snapshot(doctor, threadId);
    const kept = await patient.call('chat.send', { threadId, text: 'My number ends in 11' });
    const wrong = await patient.call('chat.send', { threadId, text: 'my SECRETWORD account' });
    const both = await patient.call('chat.send', { threadId, text: 'also SECRETWORD first' });
    await patient.call('chat.edit', { threadId, messageId: kept.messageId, text: 'My number ends in 12' });
    await patient.call('chat.edit', { threadId, messageId: both.messageId, text: 'SECRETWORD in an edit' });
    await patient.call('chat.delete', { threadId, messageId: both.messageId });
    const { seq } = await patient.call('chat.delete', { threadId, messageId: wrong.messageId });
    await heard(doctor, threadId, (event) => event.seq === seq, 'the withdrawal');
    await heard(
      doctor,
      threadId,
      (event) => event.type === 'edited' && event.data.text === 'My number ends in 12',
      'the change',
    );

    for (const at of [hub, other]) {
      const late = await at.as('doctor');
      const { state } = await snapshot(late, threadId);
      const shown = state.messages.map((one) => [one.text, one.editedAt !== undefined, one.deletedAt !== undefined]);
      expect(shown).toEqual([
        ['My number ends in 12', true, false],
        ['', false, true],
        ['', false, true],
      ]);
      // Catching up after any position, a page, a search in old and new words.
      for (let from = 0; from < seq; from++) await late.subscribe('chat', threadId, { epoch: 1, seq: from });
      await late.call('chat.history', { threadId, before: seq + 1 });
      expect((await late.call('chat.search', { threadId, text: 'secretword' })).messages).toEqual([]);
      expect((await late.call('chat.search', { threadId, text: 'ends in 11' })).messages).toEqual([]);
      expect((await late.call('chat.search', { threadId, text: 'ENDS in 12' })).messages).toHaveLength(1);
      await late.call('chat.threads', {});
      expect(late.raw.join()).not.toMatch(/SECRETWORD|ends in 11/);
      expect(late.raw.join()).toMatch(/ends in 12/);
    }
    const stored = await hub.database.db
      .collection('events')
      .find({ stream: `chat:${threadId}` })
      .toArray();
    expect(JSON.stringify(stored)).not.toMatch(/SECRETWORD|ends in 1/);
    const trace = await openedEvents(hub, `chat:${threadId}`);
    expect(JSON.stringify(trace)).toMatch(/SECRETWORD in an edit/);
    expect(JSON.stringify(trace)).toMatch(/ends in 11/);
  });

  test('only for a quarter of an hour changed, at any time taken back', async () => {
    const { messageId, seq } = await patient.call('chat.send', { threadId, text: 'long ago' });
    const { db } = hub.database;
    await db
      .collection('events')
      .updateOne({ stream: `chat:${threadId}`, seq }, { $inc: { at: -limits.chatEditMs - 1_000 } });
    // A hub that reads it fresh from the log.
    const third = await testHub({}, hub);
    try {
      const late = await third.as('patient');
      await expect(late.call('chat.edit', { threadId, messageId, text: 'now' })).rejects.toMatchObject({
        code: 'EDIT_CLOSED',
      });
      await late.call('chat.delete', { threadId, messageId });
    } finally {
      await third.close();
    }
  });
});

describe('[E1] history and search', () => {
  test('pages over hundreds of messages with changes in between, each message once and as it is now', async () => {
    const total = 130;
    const direct = (await patient.call('chat.open', { kind: 'direct', entryId: threadId })).threadId;
    const ids: string[] = [];
    for (let i = 0; i < total; i += 10) {
      const ten = Array.from({ length: 10 }, (_, n) => i + n);
      const sent = await Promise.all(
        ten.map((n) =>
          patient.call('chat.send', { threadId: direct, text: n % 50 === 7 ? `पेट में दर्द ${n}` : `line ${n}` }),
        ),
      );
      ids.push(...sent.sort((a, b) => a.seq - b.seq).map((one) => one.messageId));
    }
    // Far outside every page: the oldest is changed, the next taken back.
    await patient.call('chat.edit', { threadId: direct, messageId: ids[0] ?? '', text: 'line zero' });
    await patient.call('chat.delete', { threadId: direct, messageId: ids[1] ?? '' });
    const { state } = await snapshot(doctor, direct);
    expect(state.more).toBe(true);
    const all = [...state.messages];
    for (let more: boolean = state.more; more;) {
      const page = await doctor.call('chat.history', { threadId: direct, before: all[0]?.seq ?? 1 });
      expect(page.messages.length).toBeLessThanOrEqual(limits.chatPage);
      all.unshift(...page.messages);
      more = page.more;
    }
    expect(all.map((one) => one.id)).toEqual(ids);
    expect(all[0]).toMatchObject({ text: 'line zero' });
    expect(all[1]).toMatchObject({ text: '' });
    const found = await doctor.call('chat.search', { threadId: direct, text: 'पेट में दर्द' });
    expect(found.messages.map((one) => one.text.slice(0, 12))).toEqual(Array(3).fill('पेट में दर्द'));
    expect(found.next).toBeNull();
    // Meant literally, whatever it looks like; long results go on where they stopped.
    expect((await doctor.call('chat.search', { threadId: direct, text: '.*' })).messages).toEqual([]);
    const first = await doctor.call('chat.search', { threadId: direct, text: 'LINE' });
    const next = await doctor.call('chat.search', { threadId: direct, text: 'LINE', before: first.next ?? 1 });
    const seqs = [...first.messages, ...next.messages].map((one) => one.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
    expect(new Set(seqs).size).toBe(40);
    await until('the thread’s own note of its newest message', async () =>
      hub.database.db.collection('threads').findOne({ _id: direct as never, lastSeq: { $gte: total } }),
    );
  });
});
