import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SfuOutput } from '../../shared/contract/sfu.ts';
import { until } from '../support/until.ts';
import { dtlsParameters, opusParameters, simulcastParameters, strangeReceiver } from './support/fakeParameters.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { codeOf, SignalClient } from './support/SignalClient.ts';

/** Every request in its right order, and wrong in argument or in state. */
describe('signalling', () => {
  let node: MediaNode;
  let doctor: SignalClient;
  let patient: SignalClient;
  let doctorJoin: SfuOutput<'join'>;
  let patientJoin: SfuOutput<'join'>;
  let room: string;

  beforeAll(async () => {
    node = await startMediaNode({
      messagesPerSecond: 1_000,
      messageBurst: 1_000,
      producersPerPeer: 2,
      peersPerRoom: 3,
    });
  });
  afterAll(() => node.node.close());
  beforeEach(async () => {
    room = randomUUID();
    ({ client: doctor, joined: doctorJoin } = await SignalClient.join(node.url, { grant: await node.grant({ room }) }));
    ({ client: patient, joined: patientJoin } = await SignalClient.join(node.url, {
      grant: await node.grant({ room, peer: 'patient-1', role: 'patient' }),
    }));
  });
  afterEach(() => {
    doctor.close();
    patient.close();
  });

  const publish = async (source: 'microphone' | 'camera' = 'microphone'): Promise<string> => {
    const audio = source === 'microphone';
    const rtpParameters = audio ? opusParameters() : simulcastParameters();
    return (await doctor.request('produce', { kind: audio ? 'audio' : 'video', source, rtpParameters })).producer;
  };
  const consume = async (producer: string): Promise<SfuOutput<'consume'>> => {
    await patient.request('ready', { rtpCapabilities: patientJoin.routerRtpCapabilities });
    return patient.request('consume', { producer });
  };

  it('gives everything a client needs in the reply to join', () => {
    expect(patientJoin).toMatchObject({
      bootId: node.bootId,
      room,
      epoch: 1,
      peer: 'patient-1',
      role: 'patient',
      resumed: false,
    });
    expect(patientJoin.snapshot.peers.map(({ id, state }) => [id, state])).toEqual([
      ['doctor-1', 'connected'],
      ['patient-1', 'connected'],
    ]);
    expect(patientJoin.transports.send.iceCandidates.map(({ protocol }) => protocol).sort()).toEqual(['tcp', 'udp']);
    const video = patientJoin.routerRtpCapabilities.codecs.filter(({ kind }) => kind === 'video');
    expect(video.map(({ mimeType }) => mimeType)).toEqual(['video/VP8', 'video/rtx', 'video/H264', 'video/rtx']);
    expect(patientJoin.routerRtpCapabilities.codecs[0]).toMatchObject({
      mimeType: 'audio/opus',
      parameters: { useinbandfec: 1, usedtx: 1 },
    });
    const uris = patientJoin.routerRtpCapabilities.headerExtensions.map(({ uri }) => uri);
    expect(uris).not.toContain('urn:3gpp:video-orientation');
  });

  it('numbers the updates after a snapshot without a gap, and repeats it on demand', async () => {
    const producer = await publish();
    await doctor.request('pauseProducer', { producer });
    await doctor.request('resumeProducer', { producer });
    await doctor.request('closeProducer', { producer });
    await until('four updates', () => patient.changes.length === 4);
    expect(patient.changes.map(({ change }) => change.type)).toEqual([
      'producer-added',
      'producer-paused',
      'producer-paused',
      'producer-closed',
    ]);
    const first = patientJoin.snapshot.revision;
    expect(patient.changes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4].map((step) => first + step));
    expect((await patient.request('snapshot', {})).revision).toBe(first + 4);
    expect(await patient.request('snapshot', {})).toEqual(await doctor.request('snapshot', {}));
  });

  it('forwards audio: consumer paused first, then resumed, closed with its producer', async () => {
    const producer = await publish();
    const consumer = await consume(producer);
    expect(consumer).toMatchObject({ producer, kind: 'audio', producerPaused: false });
    await patient.request('resumeConsumer', { consumer: consumer.consumer });
    await patient.request('pauseConsumer', { consumer: consumer.consumer });
    await doctor.request('closeProducer', { producer });
    await until('the consumer is reported closed', () => patient.closedConsumers.includes(consumer.consumer));
    expect(await codeOf(patient.request('resumeConsumer', { consumer: consumer.consumer }))).toBe('NOT_FOUND');
  });

  it('takes a preferred layer for simulcast video and refuses it for audio', async () => {
    const video = await consume(await publish('camera'));
    await patient.request('setPreferredLayers', { consumer: video.consumer, spatial: 0, temporal: 1 });
    const audio = await patient.request('consume', { producer: await publish() });
    expect(await codeOf(patient.request('setPreferredLayers', { consumer: audio.consumer, spatial: 0 }))).toBe(
      'WRONG_STATE',
    );
  });

  it('restarts ICE with new credentials, and renews transports by closing what was on the old ones', async () => {
    const { send } = doctorJoin.transports;
    const { iceParameters } = await doctor.request('restartIce', { transport: send.id });
    expect(iceParameters.usernameFragment).not.toBe(send.iceParameters.usernameFragment);
    const producer = await publish();
    const renewed = await doctor.request('renewTransports', {});
    expect(renewed.send.id).not.toBe(send.id);
    expect(await patient.untilChange('producer-closed')).toMatchObject({ producer, peer: 'doctor-1' });
    expect(await codeOf(doctor.request('restartIce', { transport: send.id }))).toBe('NOT_FOUND');
  });

  it('ends for everybody by the doctor only', async () => {
    expect(await codeOf(patient.request('end', {}))).toBe('FORBIDDEN');
    expect(await doctor.request('end', {})).toEqual({});
    await patient.untilGone();
    await doctor.untilGone();
    expect([patient.bye, doctor.bye]).toEqual(['ended', 'ended']);
    expect(await codeOf(SignalClient.connect(node.url, { grant: await node.grant({ room }) }))).toBe('ROOM_ENDED');
    expect(await node.room(room)).toBeUndefined();
  });

  it('leaves for oneself and keeps the room for the others', async () => {
    expect(await patient.request('leave', {})).toEqual({});
    await patient.untilGone();
    expect(await doctor.untilChange('peer-left')).toEqual({ type: 'peer-left', peer: 'patient-1', reason: 'left' });
    expect((await node.room(room))?.peers.map(({ peer }) => peer)).toEqual(['doctor-1']);
  });

  it('fills a room up to its limit', async () => {
    const enter = async (peer: string): Promise<string> => {
      const client = await SignalClient.connect(node.url, { grant: await node.grant({ room, peer, role: 'guest' }) });
      return codeOf(client.request('join', {}));
    };
    expect(await enter('guest-1')).toBe('OK');
    expect(await enter('guest-2')).toBe('ROOM_FULL');
  });

  describe('in the wrong state', () => {
    it('refuses everything before join, and a second join', async () => {
      const client = await SignalClient.connect(node.url, {
        grant: await node.grant({ room, peer: 'guest-1', role: 'guest' }),
      });
      expect(await codeOf(client.request('snapshot', {}))).toBe('WRONG_STATE');
      await client.request('join', {});
      expect(await codeOf(client.request('join', {}))).toBe('WRONG_STATE');
      client.close();
    });

    it('refuses to consume before ready, twice, oneself, and what does not fit', async () => {
      const producer = await publish('camera');
      expect(await codeOf(patient.request('consume', { producer }))).toBe('WRONG_STATE');
      await patient.request('ready', { rtpCapabilities: strangeReceiver() });
      expect(await codeOf(patient.request('consume', { producer }))).toBe('CANNOT_CONSUME');
      await consume(producer);
      expect(await codeOf(patient.request('consume', { producer }))).toBe('WRONG_STATE');
      await doctor.request('ready', { rtpCapabilities: doctorJoin.routerRtpCapabilities });
      expect(await codeOf(doctor.request('consume', { producer }))).toBe('NOT_FOUND');
      expect(await codeOf(patient.request('consume', { producer: randomUUID() }))).toBe('NOT_FOUND');
    });

    it('connects a transport once', async () => {
      const transport = doctorJoin.transports.send.id;
      await doctor.request('connectTransport', { transport, dtlsParameters });
      expect(await codeOf(doctor.request('connectTransport', { transport, dtlsParameters }))).toBe('WRONG_STATE');
    });

    it('keeps everyone to what is their own', async () => {
      const producer = await publish();
      const { consumer } = await consume(producer);
      expect(await codeOf(patient.request('pauseProducer', { producer }))).toBe('NOT_FOUND');
      expect(await codeOf(patient.request('closeProducer', { producer }))).toBe('NOT_FOUND');
      expect(await codeOf(doctor.request('resumeConsumer', { consumer }))).toBe('NOT_FOUND');
      const transport = doctorJoin.transports.recv.id;
      expect(await codeOf(patient.request('connectTransport', { transport, dtlsParameters }))).toBe('NOT_FOUND');
      expect(await codeOf(patient.request('restartIce', { transport }))).toBe('NOT_FOUND');
    });

    it('keeps another room out', async () => {
      const producer = await publish();
      const { client: other, joined } = await SignalClient.join(node.url, {
        grant: await node.grant({ room: randomUUID() }),
      });
      await other.request('ready', { rtpCapabilities: joined.routerRtpCapabilities });
      expect(await codeOf(other.request('consume', { producer }))).toBe('NOT_FOUND');
      expect(joined.snapshot.producers).toEqual([]);
      other.close();
    });

    it('holds the limit of producers and the match of source and kind', async () => {
      expect(
        await codeOf(doctor.request('produce', { kind: 'audio', source: 'camera', rtpParameters: opusParameters() })),
      ).toBe('INVALID_INPUT');
      await publish();
      await publish('camera');
      expect(await codeOf(publish())).toBe('LIMIT_EXCEEDED');
    });

    it('holds what the grant allows', async () => {
      const producer = await publish();
      const { client: mute, joined } = await SignalClient.join(node.url, {
        grant: await node.grant({
          room,
          peer: 'guest-1',
          role: 'guest',
          may: { publish: false, subscribe: false, record: false },
        }),
      });
      await mute.request('ready', { rtpCapabilities: joined.routerRtpCapabilities });
      expect(await codeOf(mute.request('consume', { producer }))).toBe('FORBIDDEN');
      expect(
        await codeOf(mute.request('produce', { kind: 'audio', source: 'microphone', rtpParameters: opusParameters() })),
      ).toBe('FORBIDDEN');
      mute.close();
    });
  });

  it('refuses parameters the worker does not take, and goes on', async () => {
    const rtpParameters = { ...opusParameters(), encodings: [{}] }; // no ssrc, no mid to find the stream by
    delete rtpParameters.mid;
    expect(await codeOf(doctor.request('produce', { kind: 'audio', source: 'microphone', rtpParameters }))).toBe(
      'INVALID_INPUT',
    );
    expect(await publish()).toMatch(/^[0-9a-f-]{36}$/);
  });
});
