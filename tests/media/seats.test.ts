import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { opusParameters } from './support/fakeParameters.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { codeOf, SignalClient } from './support/SignalClient.ts';

const audio = () => ({ kind: 'audio' as const, source: 'microphone' as const, rtpParameters: opusParameters() });

/** How a seat outlives its sockets, and how it ends. */
describe('seats', () => {
  describe('with a long grace period', () => {
    let node: MediaNode;
    let room: string;
    beforeAll(async () => {
      node = await startMediaNode({ graceMs: 60_000, emptyRoomMs: 60_000 });
    });
    afterAll(() => node.node.close());
    beforeEach(() => {
      room = randomUUID();
    });
    const enter = async (peer: string, role: 'doctor' | 'patient' = 'patient') =>
      SignalClient.join(node.url, { grant: await node.grant({ room, peer, role }) });

    it('keeps a dropped seat with its media, and another socket comes back to it by the resume token', async () => {
      const { client: doctor } = await enter('doctor-1', 'doctor');
      const { client: patient, joined } = await enter('patient-1');
      const { producer } = await patient.request('produce', audio());
      patient.cut();
      expect(await doctor.untilChange('peer-state')).toEqual({
        type: 'peer-state',
        peer: 'patient-1',
        state: 'reconnecting',
      });
      expect((await node.room(room))?.peers).toContainEqual({
        peer: 'patient-1',
        role: 'patient',
        connected: false,
        producers: 1,
      });

      const { client: again, joined: resumed } = await SignalClient.join(node.url, { resume: joined.resume });
      expect(resumed).toMatchObject({ resumed: true, resume: joined.resume, peer: 'patient-1' });
      expect(resumed.transports.send.id).toBe(joined.transports.send.id);
      expect(resumed.snapshot.producers.map(({ id }) => id)).toEqual([producer]);
      expect(resumed.snapshot.peers.map(({ state }) => state)).toEqual(['connected', 'connected']);
      await again.request('pauseProducer', { producer });
      expect(await doctor.untilChange('producer-paused')).toMatchObject({ producer, paused: true });
      expect(doctor.changes.map(({ change }) => change.type)).not.toContain('producer-closed');
      doctor.close();
      again.close();
    });

    it('tells a resumed client which consumers it has, those it never heard of too', async () => {
      const { client: doctor } = await enter('doctor-1', 'doctor');
      const { producer } = await doctor.request('produce', audio());
      const { client: patient, joined } = await enter('patient-1');
      await patient.request('ready', { rtpCapabilities: joined.routerRtpCapabilities });
      const { consumer } = await patient.request('consume', { producer });
      patient.cut();
      const { client: again, joined: resumed } = await SignalClient.join(node.url, { resume: joined.resume });
      expect(resumed.consumers).toEqual([{ id: consumer, producer }]);
      await again.request('closeConsumer', { consumer });
      expect(await again.request('consume', { producer })).toMatchObject({ producer });
      doctor.close();
      again.close();
    });

    it('swaps sockets while the older one still looks alive, without telling it that it was replaced', async () => {
      const { client: older, joined } = await enter('doctor-1', 'doctor');
      const { client: newer } = await SignalClient.join(node.url, { resume: joined.resume });
      await older.untilGone();
      expect(older.bye).toBeUndefined();
      expect((await node.room(room))?.peers).toEqual([
        { peer: 'doctor-1', role: 'doctor', connected: true, producers: 0 },
      ]);
      newer.close();
    });

    it('gives the same seat to a new grant, drops the older page and closes its transports', async () => {
      const { client: doctor } = await enter('doctor-1', 'doctor');
      const { client: before, joined } = await enter('patient-1');
      const { producer } = await before.request('produce', audio());
      const { client: after, joined: rejoined } = await enter('patient-1');
      await before.untilGone();
      expect(before.bye).toBe('replaced');
      expect(rejoined.resumed).toBe(false);
      expect(rejoined.transports.send.id).not.toBe(joined.transports.send.id);
      expect(rejoined.snapshot.producers).toEqual([]);
      expect(await doctor.untilChange('producer-closed')).toMatchObject({ producer });
      expect(doctor.changes.map(({ change }) => change.type)).not.toContain('peer-left');
      expect(await codeOf(SignalClient.connect(node.url, { resume: joined.resume }))).toBe('RESUME_INVALID');
      expect((await node.room(room))?.peers).toHaveLength(2);
      doctor.close();
      after.close();
    });

    it('does not give a seat to another role', async () => {
      const { client: doctor } = await enter('doctor-1', 'doctor');
      expect(await codeOf(enter('doctor-1', 'patient'))).toBe('FORBIDDEN');
      expect(doctor.connected).toBe(true);
      doctor.close();
    });

    it('has one winner when many pages of one person come at once', async () => {
      const entered = await Promise.allSettled(Array.from({ length: 8 }, () => enter('patient-1')));
      const clients = entered.flatMap((result) => (result.status === 'fulfilled' ? [result.value.client] : []));
      await until('one socket is left', () => clients.filter((client) => client.connected).length === 1);
      expect((await node.room(room))?.peers).toEqual([
        { peer: 'patient-1', role: 'patient', connected: true, producers: 0 },
      ]);
      for (const client of clients) client.close();
    });

    it('opens a room once when its two sides come at the same moment', async () => {
      const [{ client: a }, { client: b }] = await Promise.all([enter('doctor-1', 'doctor'), enter('patient-1')]);
      const [seenByA, seenByB] = [await a.request('snapshot', {}), await b.request('snapshot', {})];
      expect(seenByA).toEqual(seenByB);
      expect(seenByA.peers).toHaveLength(2);
      a.close();
      b.close();
    });

    it('refuses the resume token of a seat that was left', async () => {
      const { client, joined } = await enter('patient-1');
      await client.request('leave', {});
      await client.untilGone();
      expect(await codeOf(SignalClient.connect(node.url, { resume: joined.resume }))).toBe('RESUME_INVALID');
    });
  });

  describe('with a short grace period', () => {
    let node: MediaNode;
    beforeAll(async () => {
      node = await startMediaNode({ graceMs: 200, emptyRoomMs: 200, joinMs: 300 });
    });
    afterAll(() => node.node.close());

    it('gives a seat up when nobody comes back, and the room when nobody is left', async () => {
      const room = randomUUID();
      const { client: doctor } = await SignalClient.join(node.url, { grant: await node.grant({ room }) });
      const { client: patient, joined } = await SignalClient.join(node.url, {
        grant: await node.grant({ room, peer: 'patient-1', role: 'patient' }),
      });
      await patient.request('produce', audio());
      patient.cut();
      expect(await doctor.untilChange('peer-left')).toEqual({
        type: 'peer-left',
        peer: 'patient-1',
        reason: 'timed-out',
      });
      expect(await codeOf(SignalClient.connect(node.url, { resume: joined.resume }))).toBe('RESUME_INVALID');
      doctor.cut();
      await until('the room is closed', async () => (await node.room(room)) === undefined);
      expect((await node.workers()).map(({ rooms }) => rooms)).toEqual([0]);
      // An empty room that closed has not ended: its people may come again.
      const { client: back } = await SignalClient.join(node.url, { grant: await node.grant({ room }) });
      back.close();
    });

    it('drops a socket that never joins', async () => {
      const client = await SignalClient.connect(node.url, { grant: await node.grant({ room: randomUUID() }) });
      await client.untilGone();
      expect(client.connected).toBe(false);
    });
  });
});
