import type { z } from 'zod';
import { sfuRequests, type SfuRequest, type SfuRequestName } from '../shared/contract/sfu.ts';
import type { Peer } from './Peer.ts';
import type { Room } from './Room.ts';
import type { RoomDirectory } from './RoomDirectory.ts';
import { SfuFailure } from './SfuFailure.ts';

/** Who asks. */
export interface Seat {
  readonly room: Room;
  readonly peer: Peer;
  readonly directory: RoomDirectory;
}

type Route = (seat: Seat, raw: unknown) => Promise<unknown>;

/** For what closes the asker's own socket: the reply is on its way by then. */
function afterReply(work: () => void): void {
  setImmediate(work);
}

/** Parses what came, handles it, and parses what goes out. */
function route<I extends z.ZodType, O extends z.ZodType>(
  request: SfuRequest<I, O>,
  handle: (seat: Seat, input: z.output<I>) => Promise<z.input<O>> | z.input<O>,
): Route {
  return async (seat, raw) => request.output.parse(await handle(seat, parseInput(request.input, raw)));
}

/** @throws SfuFailure INVALID_INPUT naming the first thing that is wrong, never a value */
export function parseInput<I extends z.ZodType>(schema: I, raw: unknown): z.output<I> {
  const parsed = schema.safeParse(raw ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SfuFailure('INVALID_INPUT', `${issue?.path.join('.') || 'payload'}: ${issue?.code ?? 'invalid'}`);
}

/** What a seated client may ask; `join` comes before and is in signalling. */
export const routes: Readonly<Record<Exclude<SfuRequestName, 'join'>, Route>> = {
  ready: route(sfuRequests.ready, ({ peer }, { rtpCapabilities }) => {
    peer.openMedia.ready(rtpCapabilities);
    return {};
  }),

  connectTransport: route(sfuRequests.connectTransport, async ({ peer }, { transport, dtlsParameters }) => {
    await peer.openMedia.connect(transport, dtlsParameters);
    return {};
  }),

  restartIce: route(sfuRequests.restartIce, async ({ peer }, { transport }) => ({
    iceParameters: await peer.openMedia.restartIce(transport),
  })),

  renewTransports: route(sfuRequests.renewTransports, async ({ room, peer }) =>
    (await room.openMedia(peer)).describe(),
  ),

  produce: route(sfuRequests.produce, async ({ room, peer }, { kind, source, rtpParameters, paused }) => {
    if (!peer.may.publish) throw new SfuFailure('FORBIDDEN', 'this grant does not allow to publish');
    const producer = await peer.openMedia.produce(kind, source, rtpParameters, paused);
    room.producerAdded(peer, producer.id);
    return { producer: producer.id };
  }),

  pauseProducer: route(sfuRequests.pauseProducer, async ({ room, peer }, { producer }) => {
    const own = peer.openMedia.producer(producer);
    if (!own.paused) {
      await own.pause();
      room.producerPaused(peer, producer, true);
    }
    return {};
  }),

  resumeProducer: route(sfuRequests.resumeProducer, async ({ room, peer }, { producer }) => {
    const own = peer.openMedia.producer(producer);
    if (own.paused) {
      await own.resume();
      room.producerPaused(peer, producer, false);
    }
    return {};
  }),

  closeProducer: route(sfuRequests.closeProducer, ({ peer }, { producer }) => {
    peer.openMedia.producer(producer).close();
    return {};
  }),

  consume: route(sfuRequests.consume, async ({ room, peer }, { producer }) => {
    if (!peer.may.subscribe) throw new SfuFailure('FORBIDDEN', 'this grant does not allow to subscribe');
    return peer.openMedia.consume(room.producerOfOthers(producer, peer));
  }),

  resumeConsumer: route(sfuRequests.resumeConsumer, async ({ peer }, { consumer }) => {
    await peer.openMedia.consumer(consumer).resume();
    return {};
  }),

  pauseConsumer: route(sfuRequests.pauseConsumer, async ({ peer }, { consumer }) => {
    await peer.openMedia.consumer(consumer).pause();
    return {};
  }),

  closeConsumer: route(sfuRequests.closeConsumer, ({ peer }, { consumer }) => {
    peer.openMedia.consumer(consumer).close();
    return {};
  }),

  setPreferredLayers: route(sfuRequests.setPreferredLayers, async ({ peer }, { consumer, spatial, temporal }) => {
    const own = peer.openMedia.consumer(consumer);
    if (own.type !== 'simulcast') throw new SfuFailure('WRONG_STATE', 'this consumer has no layers');
    await own.setPreferredLayers({
      spatialLayer: spatial,
      ...(temporal === undefined ? {} : { temporalLayer: temporal }),
    });
    return {};
  }),

  snapshot: route(sfuRequests.snapshot, ({ room }) => room.snapshot()),

  consent: route(sfuRequests.consent, async ({ room, peer, directory }, { token }) => {
    const claims = await directory.recordings.readConsent(token);
    if (claims.room !== room.name || claims.peer !== peer.id) {
      throw new SfuFailure('GRANT_INVALID', 'this consent is somebody else’s, or for another room');
    }
    if (!room.recording.consent(peer.id, claims.givenAt)) {
      throw new SfuFailure('GRANT_INVALID', 'this consent was withdrawn');
    }
    return {};
  }),

  withdrawConsent: route(sfuRequests.withdrawConsent, ({ room, peer }) => {
    room.recording.withdraw(peer.id);
    return {};
  }),

  startRecording: route(sfuRequests.startRecording, ({ room, peer }) => {
    if (!peer.may.record) throw new SfuFailure('FORBIDDEN', 'this grant does not allow to record');
    room.recording.ask();
    return {};
  }),

  stopRecording: route(sfuRequests.stopRecording, ({ room }) => {
    room.recording.stop();
    return {};
  }),

  leave: route(sfuRequests.leave, ({ room, peer }) => {
    afterReply(() => room.remove(peer, 'left'));
    return {};
  }),

  end: route(sfuRequests.end, ({ room, peer, directory }) => {
    if (peer.role !== 'doctor') throw new SfuFailure('FORBIDDEN', 'only the doctor may end the consultation');
    afterReply(() => directory.close(room.name, 'ended', room.epoch));
    return {};
  }),
};

export function isRoute(name: string): name is keyof typeof routes {
  return Object.hasOwn(routes, name);
}
