import type { types } from 'mediasoup';
import type { MediaSource, SfuEvent, SfuOutput, Transports } from '../shared/contract/sfu.ts';
import {
  rtpCapabilities as rtpCapabilitiesSchema,
  rtpParameters as rtpParametersSchema,
  type RtpCapabilities,
  type RtpParameters,
  type TransportInfo,
} from '../shared/contract/sfuRtp.ts';
import type { SfuLimits } from './config.ts';
import { SfuFailure } from './SfuFailure.ts';

/** What a peer's media tells its seat. Called synchronously. */
export interface PeerMediaEvents {
  producerClosed(producer: string): void;
  consumerClosed(consumer: string): void;
  consumerLayers(event: SfuEvent<'consumerLayers'>): void;
  consumerScore(event: SfuEvent<'consumerScore'>): void;
}

export interface OwnProducer {
  readonly producer: types.Producer;
  readonly source: MediaSource;
}

/**
 * One pair of WebRTC transports (peer → node, node → peer) with the producers and consumers on them. Made anew, never
 * repaired: when a peer gets new transports, everything of the old pair is closed.
 */
export class PeerMedia {
  readonly #router: types.Router;
  readonly #limits: SfuLimits;
  readonly #events: PeerMediaEvents;
  readonly #send: types.WebRtcTransport;
  readonly #recv: types.WebRtcTransport;
  readonly #producers = new Map<string, OwnProducer>();
  readonly #consumers = new Map<string, types.Consumer>();
  #rtpCapabilities: RtpCapabilities | undefined;

  private constructor(
    router: types.Router,
    limits: SfuLimits,
    events: PeerMediaEvents,
    send: types.WebRtcTransport,
    recv: types.WebRtcTransport,
  ) {
    this.#router = router;
    this.#limits = limits;
    this.#events = events;
    this.#send = send;
    this.#recv = recv;
  }

  static async open(
    router: types.Router,
    webRtcServer: types.WebRtcServer,
    limits: SfuLimits,
    events: PeerMediaEvents,
  ): Promise<PeerMedia> {
    const options = {
      webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      initialAvailableOutgoingBitrate: limits.initialOutgoingBitrate,
    };
    const send = await router.createWebRtcTransport(options);
    try {
      await send.setMaxIncomingBitrate(limits.maxIncomingBitrate);
      return new PeerMedia(router, limits, events, send, await router.createWebRtcTransport(options));
    } catch (error) {
      send.close();
      throw error;
    }
  }

  get producers(): ReadonlyMap<string, OwnProducer> {
    return this.#producers;
  }

  get consumers(): ReadonlyMap<string, types.Consumer> {
    return this.#consumers;
  }

  /** False once it was closed, or its worker or room is gone. */
  get open(): boolean {
    return !this.#send.closed && !this.#recv.closed;
  }

  describe(): Transports {
    return { send: describeTransport(this.#send), recv: describeTransport(this.#recv) };
  }

  ready(capabilities: RtpCapabilities): void {
    this.#rtpCapabilities = capabilities;
  }

  async connect(transport: string, dtlsParameters: types.DtlsParameters): Promise<void> {
    const found = this.#transport(transport);
    // 'new' is the only state in which the worker takes a client's fingerprint.
    if (found.dtlsState !== 'new' || found.appData['connected'] === true) {
      throw new SfuFailure('WRONG_STATE', 'this transport is connected already');
    }
    await found.connect({ dtlsParameters });
    found.appData['connected'] = true;
  }

  async restartIce(transport: string): Promise<types.IceParameters> {
    return this.#transport(transport).restartIce();
  }

  async produce(
    kind: types.MediaKind,
    source: MediaSource,
    rtpParameters: RtpParameters,
    paused: boolean,
  ): Promise<types.Producer> {
    if (this.#producers.size >= this.#limits.producersPerPeer) {
      throw new SfuFailure('LIMIT_EXCEEDED', `a peer has at most ${this.#limits.producersPerPeer} producers`);
    }
    if ((source === 'microphone') !== (kind === 'audio')) {
      throw new SfuFailure('INVALID_INPUT', `a ${source} does not give ${kind}`);
    }
    const producer = await this.#send.produce({ kind, rtpParameters, paused });
    this.#producers.set(producer.id, { producer, source });
    producer.observer.once('close', () => {
      if (this.#producers.delete(producer.id)) this.#events.producerClosed(producer.id);
    });
    return producer;
  }

  /** @throws SfuFailure NOT_FOUND unless it is this peer's own */
  producer(id: string): types.Producer {
    const own = this.#producers.get(id);
    if (own === undefined) throw new SfuFailure('NOT_FOUND', 'no such producer of yours');
    return own.producer;
  }

  /** @throws SfuFailure NOT_FOUND unless it is this peer's own */
  consumer(id: string): types.Consumer {
    const own = this.#consumers.get(id);
    if (own === undefined) throw new SfuFailure('NOT_FOUND', 'no such consumer of yours');
    return own;
  }

  /** Creates a paused consumer of another peer's producer. */
  async consume(producer: types.Producer): Promise<SfuOutput<'consume'>> {
    const rtpCapabilities = this.#rtpCapabilities;
    if (rtpCapabilities === undefined) throw new SfuFailure('WRONG_STATE', 'say ready before consume');
    if ([...this.#consumers.values()].some((consumer) => consumer.producerId === producer.id)) {
      throw new SfuFailure('WRONG_STATE', 'this producer is consumed already');
    }
    if (!this.#router.canConsume({ producerId: producer.id, rtpCapabilities })) {
      throw new SfuFailure('CANNOT_CONSUME', 'no common codec');
    }
    const consumer = await this.#recv.consume({ producerId: producer.id, rtpCapabilities, paused: true });
    this.#watch(consumer);
    return {
      consumer: consumer.id,
      producer: producer.id,
      kind: consumer.kind,
      rtpParameters: rtpParametersSchema.parse(consumer.rtpParameters),
      producerPaused: consumer.producerPaused,
    };
  }

  /** Closes both transports and all on them. */
  close(): void {
    // Quietly: whoever closes the pair has told the client, or there is no client.
    this.#consumers.clear();
    this.#send.close();
    this.#recv.close();
  }

  #watch(consumer: types.Consumer): void {
    const id = consumer.id;
    this.#consumers.set(id, consumer);
    consumer.observer.once('close', () => {
      if (this.#consumers.delete(id)) this.#events.consumerClosed(id);
    });
    consumer.on('layerschange', (layers) =>
      this.#events.consumerLayers({
        consumer: id,
        spatial: layers?.spatialLayer ?? null,
        temporal: layers?.temporalLayer ?? null,
      }),
    );
    consumer.on('score', ({ score, producerScore }) =>
      this.#events.consumerScore({ consumer: id, score, producerScore }),
    );
  }

  #transport(id: string): types.WebRtcTransport {
    const found = [this.#send, this.#recv].find((transport) => transport.id === id);
    if (found === undefined || found.closed) throw new SfuFailure('NOT_FOUND', 'no such transport of yours');
    return found;
  }
}

function describeTransport(transport: types.WebRtcTransport): TransportInfo {
  const { id, iceParameters, dtlsParameters } = transport;
  return {
    id,
    iceParameters,
    iceCandidates: transport.iceCandidates.map((candidate) => ({ ...candidate })),
    dtlsParameters,
  };
}

/** What a router offers, without the orientation extension: with it, senders do not rotate and some receivers show it lying. */
export function routerCapabilities(router: types.Router): RtpCapabilities {
  const { codecs, headerExtensions } = router.rtpCapabilities;
  return rtpCapabilitiesSchema.parse({
    codecs,
    headerExtensions: headerExtensions?.filter((extension) => extension.uri !== 'urn:3gpp:video-orientation'),
  });
}
