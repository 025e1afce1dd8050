/** The page two browsers open in the call test: a ConsultRoom and what a test can see and hear of it. */
import { ConsultRoom, type RoomState, type RoomStats } from '../../../client/src/consult/room/index.ts';

declare global {
  interface Window {
    /** Provided by the test; counts how often it is asked. */
    freshTicket(): Promise<{ url: string; grant: string } | null>;
    call: CallPage;
  }
}

const room = new ConsultRoom();
const states: { state: RoomState; code: string | undefined }[] = [];
room.on('state', (event) => states.push(event));

const call = {
  states,
  room,

  join(url: string, grant: string, options: { microphone?: boolean; camera?: boolean } = {}): Promise<void> {
    return room.join({ url, grant, ...options, getGrant: () => window.freshTicket() });
  },

  state: (): RoomState => room.state,

  stats: (): Promise<RoomStats | undefined> => room.stats(),

  /** What is received of the one other person. */
  remote() {
    const [peer] = room.peers;
    if (peer === undefined) return undefined;
    const { microphone, camera } = peer.tracks;
    return {
      id: peer.id,
      state: peer.state,
      microphone: microphone && { producer: microphone.producer, paused: microphone.paused },
      camera: camera && { producer: camera.producer, paused: camera.paused },
    };
  },

  local() {
    const { microphone, camera } = room.local;
    const plain = ({ wanted, on, starting, problem }: typeof microphone) => ({ wanted, on, starting, problem });
    return { microphone: plain(microphone), camera: plain(camera) };
  },

  /** Average colour of the other's picture, and a fingerprint that changes when it moves. */
  async picture(): Promise<{ red: number; green: number; blue: number; print: string } | undefined> {
    const stream = room.peers[0]?.tracks.camera?.stream;
    if (stream === undefined) return undefined;
    const video = await playing(stream);
    const canvas = new OffscreenCanvas(32, 18);
    const context = canvas.getContext('2d');
    if (context === null || video.videoWidth === 0) return undefined;
    context.drawImage(video, 0, 0, 32, 18);
    const { data } = context.getImageData(0, 0, 32, 18);
    const mean = (offset: number): number => {
      let sum = 0;
      for (let at = offset; at < data.length; at += 4) sum += data[at] ?? 0;
      return sum / (data.length / 4);
    };
    const coarse = Array.from(data, (value) => Math.round(value / 24));
    return { red: mean(0), green: mean(1), blue: mean(2), print: coarse.join() };
  },

  /** The loudest frequency of the other's voice, Hz; 0 for silence. */
  async loudest(): Promise<number> {
    const stream = room.peers[0]?.tracks.microphone?.stream;
    if (stream === undefined) return 0;
    const context = new AudioContext();
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    context.createMediaStreamSource(stream).connect(analyser);
    await new Promise((resolve) => setTimeout(resolve, 400)); // fills the analyser's window of 170 ms
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const top = levels.reduce((best, level, index) => (level > (levels[best] ?? -Infinity) ? index : best), 0);
    const found = (levels[top] ?? -Infinity) > -60 ? (top * context.sampleRate) / analyser.fftSize : 0;
    await context.close();
    return found;
  },
};

type CallPage = typeof call;
window.call = call;

// As an application does: Chromium decodes sound only while something plays it.
const heard = new Map<MediaStream, HTMLAudioElement>();
room.on('peers', (peers) => {
  const streams = new Set(peers.flatMap(({ tracks }) => tracks.microphone?.stream ?? []));
  for (const [stream, element] of heard) {
    if (streams.has(stream)) continue;
    element.srcObject = null;
    heard.delete(stream);
  }
  for (const stream of streams) {
    if (heard.has(stream)) continue;
    const element = new Audio();
    element.srcObject = stream;
    heard.set(stream, element);
    void element.play();
  }
});

const videos = new WeakMap<MediaStream, HTMLVideoElement>();

async function playing(stream: MediaStream): Promise<HTMLVideoElement> {
  let video = videos.get(stream);
  if (video === undefined) {
    video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    document.body.replaceChildren(video);
    videos.set(stream, video);
  }
  void video.play().catch(() => undefined);
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
    const shown = video;
    await new Promise((resolve) => shown.addEventListener('loadeddata', resolve, { once: true }));
  }
  return video;
}
