import { Device, type types } from 'mediasoup-client';
import type { MediaSource, SfuInput, SfuOutput, Transports } from '../../../../shared/contract/sfu.ts';
import { rtpCapabilities, rtpParameters } from '../../../../shared/contract/sfuRtp.ts';
import { cameraLayers } from './devices.ts';
import { SignalRefused, type SignalLink } from './SignalLink.ts';

/** A transport that is only interrupted often comes back by itself; one that does not connect in this time will not. */
const DISCONNECTED_MS = 2_000;
const CONNECTING_MS = 10_000;

/** One track that is being sent. */
export interface Sent {
  readonly producer: types.Producer;
  /** What the node was last told. */
  pausedThere: boolean;
}

/** One track that is being received. */
export interface Received {
  readonly consumer: types.Consumer;
  readonly stream: MediaStream;
  /** Whether the node was asked to let it flow. */
  flowing: boolean;
}

interface Watched {
  readonly transport: types.Transport;
  since: number;
}

/**
 * The WebRTC side of a seat: a pair of transports with what is sent and received on them. It outlives signalling sockets
 * (`signal` gives the present one) but not its transports.
 */
export class MediaLink {
  readonly #signal: () => SignalLink;
  readonly #changed: () => void;
  readonly #send: types.Transport;
  readonly #recv: types.Transport;
  readonly #watched: Watched[];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly sent = new Map<MediaSource, Sent>();
  /** By producer id. */
  readonly received = new Map<string, Received>();

  private constructor(
    device: Device,
    transports: Transports,
    iceServers: RTCIceServer[],
    signal: () => SignalLink,
    changed: () => void,
  ) {
    this.#signal = signal;
    this.#changed = changed;
    this.#send = device.createSendTransport({ ...transports.send, iceServers });
    this.#recv = device.createRecvTransport({ ...transports.recv, iceServers });
    this.#watched = [this.#watch(this.#send), this.#watch(this.#recv)];
    this.#send.on('produce', ({ kind, rtpParameters: parameters, appData }, done, fail) => {
      const source: MediaSource = appData['source'] === 'camera' ? 'camera' : 'microphone';
      const paused = appData['paused'] === true;
      this.#announce({ kind, source, paused, rtpParameters: rtpParameters.parse(parameters) }).then(
        (id) => done({ id }),
        fail,
      );
    });
  }

  /** @param changed called when a transport's connection came or went */
  static async open(
    joined: Pick<SfuOutput<'join'>, 'routerRtpCapabilities' | 'transports' | 'iceServers'>,
    signal: () => SignalLink,
    changed: () => void,
  ): Promise<MediaLink> {
    const device = await Device.factory();
    await device.load({ routerRtpCapabilities: joined.routerRtpCapabilities });
    await signal().request('ready', { rtpCapabilities: rtpCapabilities.parse(device.recvRtpCapabilities) });
    return new MediaLink(device, joined.transports, joined.iceServers, signal, changed);
  }

  /** Whether it stands on these transports of the node. */
  isOn(transports: Transports): boolean {
    return !this.#send.closed && this.#send.id === transports.send.id && this.#recv.id === transports.recv.id;
  }

  /** False when a transport that was asked to carry something does not. */
  up(now: number): boolean {
    return this.#watched.every(({ transport, since }) => {
      switch (transport.connectionState) {
        case 'failed':
          return false;
        case 'disconnected':
          return now - since < DISCONNECTED_MS;
        case 'connecting':
          return now - since < CONNECTING_MS;
        case 'new':
        case 'connected':
        case 'closed':
          return true;
      }
    });
  }

  /** Whether whatever was asked of the transports flows right now. */
  get settled(): boolean {
    return this.#watched.every(({ transport }) => ['new', 'connected'].includes(transport.connectionState));
  }

  /** New ICE credentials for the transports that are in use. */
  async restartIce(): Promise<void> {
    for (const { transport } of this.#watched) {
      if (transport.connectionState === 'new') continue;
      const { iceParameters } = await this.#signal().request('restartIce', { transport: transport.id });
      await transport.restartIce({ iceParameters });
    }
  }

  async publish(source: MediaSource, track: MediaStreamTrack, paused: boolean): Promise<void> {
    const video = source === 'camera';
    const producer = await this.#send.produce({
      track,
      // The tracks are the devices': they are stopped and silenced there.
      stopTracks: false,
      disableTrackOnPause: false,
      appData: { source, paused },
      ...(video
        ? { encodings: cameraLayers(track.getSettings().height ?? 720), codecOptions: { videoGoogleStartBitrate: 600 } }
        : { codecOptions: { opusStereo: false, opusDtx: true, opusFec: true, opusNack: true } }),
    });
    const sent: Sent = { producer, pausedThere: paused };
    this.sent.set(source, sent);
    producer.observer.once('close', () => {
      if (this.sent.get(source) === sent) this.sent.delete(source);
    });
  }

  /** Starts to receive what the node has made ready; the node lets it flow when asked. */
  async receive(offer: SfuOutput<'consume'>): Promise<void> {
    const consumer = await this.#recv.consume({
      id: offer.consumer,
      producerId: offer.producer,
      kind: offer.kind,
      rtpParameters: offer.rtpParameters,
      // Each track plays on its own clock; sound does not wait for a picture that is late.
      streamId: offer.producer,
    });
    this.received.set(offer.producer, { consumer, stream: new MediaStream([consumer.track]), flowing: false });
    consumer.observer.once('close', () => {
      if (this.received.get(offer.producer)?.consumer === consumer) this.received.delete(offer.producer);
    });
  }

  /** Reports of the send transport, for the round trip. */
  transportStats(): Promise<RTCStatsReport> {
    return this.#send.getStats();
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#send.close();
    this.#recv.close();
  }

  async #announce(input: SfuInput<'produce'>): Promise<string> {
    const { producer } = await this.#signal().request('produce', input);
    if (!this.#send.closed) return producer;
    // Asked for on the old transports, answered on the new ones: nobody would ever feed it.
    await this.#signal().request('closeProducer', { producer });
    throw new Error('the transport was replaced meanwhile');
  }

  #watch(transport: types.Transport): Watched {
    const watched: Watched = { transport, since: Date.now() };
    transport.on('connect', ({ dtlsParameters }, done, fail) => {
      this.#signal()
        .request('connectTransport', { transport: transport.id, dtlsParameters })
        .then(done, (error: Error) => {
          // Connected by an earlier request whose reply was lost.
          if (error instanceof SignalRefused && error.code === 'WRONG_STATE') done();
          else fail(error);
        });
    });
    transport.on('connectionstatechange', (state) => {
      watched.since = Date.now();
      this.#changed();
      if (state === 'disconnected') this.#lookAgain(DISCONNECTED_MS);
      if (state === 'connecting') this.#lookAgain(CONNECTING_MS);
    });
    return watched;
  }

  #lookAgain(ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#changed();
    }, ms + 10);
    this.#timers.add(timer);
  }
}
