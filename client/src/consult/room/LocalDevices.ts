import type { MediaSource } from '../../../../shared/contract/sfu.ts';
import { openDevice, problemOf } from './devices.ts';
import type { LocalSource, MediaProblem } from './roomTypes.ts';

interface Device {
  wanted: boolean;
  starting: boolean;
  problem: MediaProblem | undefined;
  stream: MediaStream | undefined;
  /** Raised with every change of mind, so that a late answer of the browser is recognised. */
  turn: number;
}

const off = (): Device => ({ wanted: false, starting: false, problem: undefined, stream: undefined, turn: 0 });

/**
 * This side's microphone and camera. A muted microphone keeps its device (unmuting is instant); a camera that is off gives
 * its device back, so that its light goes out.
 */
export class LocalDevices {
  readonly #devices: Record<MediaSource, Device> = { microphone: off(), camera: off() };
  readonly #changed: () => void;
  readonly #onVisible = (): void => this.#reviveSilenced();

  constructor(changed: () => void) {
    this.#changed = changed;
    document.addEventListener('visibilitychange', this.#onVisible);
  }

  get sources(): Readonly<Record<MediaSource, LocalSource>> {
    return { microphone: describe(this.#devices.microphone), camera: describe(this.#devices.camera) };
  }

  /** The track to send now, if any, and whether it is to be sent. */
  sending(source: MediaSource): { track: MediaStreamTrack | undefined; paused: boolean } {
    const { stream, wanted } = this.#devices[source];
    return { track: stream?.getTracks()[0], paused: !wanted };
  }

  /** Never throws: a device that cannot be had shows as its `problem`. */
  async set(source: MediaSource, wanted: boolean): Promise<void> {
    const device = this.#devices[source];
    device.wanted = wanted;
    device.turn += 1;
    if (!wanted) {
      device.starting = false;
      device.problem = undefined;
      if (source === 'camera') this.#release(device);
    } else if (device.stream === undefined) {
      await this.#open(source, device);
      return;
    }
    for (const track of device.stream?.getTracks() ?? []) track.enabled = wanted;
    this.#changed();
  }

  /** Gives every device back. */
  close(): void {
    document.removeEventListener('visibilitychange', this.#onVisible);
    for (const device of Object.values(this.#devices)) {
      device.turn += 1;
      device.wanted = false;
      this.#release(device);
    }
  }

  async #open(source: MediaSource, device: Device): Promise<void> {
    const turn = device.turn;
    device.starting = true;
    device.problem = undefined;
    this.#changed();
    try {
      const track = await openDevice(source);
      if (device.turn !== turn) {
        track.stop();
        return;
      }
      device.stream = new MediaStream([track]);
      // Unplugged, taken by the system (a phone call on iOS), or permission withdrawn: ask for it again.
      track.addEventListener('ended', () => {
        if (device.stream?.getTracks()[0] !== track) return;
        device.stream = undefined;
        if (device.wanted) void this.#open(source, device);
        else this.#changed();
      });
    } catch (error) {
      if (device.turn !== turn) return;
      device.problem = problemOf(error);
    }
    device.starting = false;
    this.#changed();
  }

  /** iOS leaves a track muted for good after an interruption; once the page is seen again, a new one is asked for. */
  #reviveSilenced(): void {
    if (document.visibilityState !== 'visible') return;
    for (const source of ['microphone', 'camera'] as const) {
      const device = this.#devices[source];
      const [track] = device.stream?.getTracks() ?? [];
      if (!device.wanted || track?.muted !== true) continue;
      this.#release(device);
      device.turn += 1;
      void this.#open(source, device);
    }
  }

  #release(device: Device): void {
    for (const track of device.stream?.getTracks() ?? []) track.stop();
    device.stream = undefined;
  }
}

function describe({ wanted, starting, problem, stream }: Device): LocalSource {
  return { wanted, starting, problem, stream, on: wanted && stream !== undefined };
}
