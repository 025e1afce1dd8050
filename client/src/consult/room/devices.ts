import type { MediaSource } from '../../../../shared/contract/sfu.ts';
import { chosenDevice } from './chosen.ts';
import type { MediaProblem } from './roomTypes.ts';

/** What getUserMedia was refused with, as people understand it (names: Media Capture and Streams, W3C). */
export function problemOf(error: unknown): MediaProblem {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'permission-denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no-device';
    case 'NotReadableError':
    case 'AbortError':
      return 'in-use';
    case 'TypeError': // no mediaDevices: an insecure page
      return 'unsupported';
    default:
      return 'unknown';
  }
}

/** Asks the browser for one track, of the device chosen here if it is still there. @throws what `problemOf` reads */
export async function openDevice(source: MediaSource): Promise<MediaStreamTrack> {
  const id = chosenDevice(source);
  const chosen = id === undefined ? {} : { deviceId: { ideal: id } };
  const constraints: MediaStreamConstraints =
    source === 'microphone'
      ? { audio: { ...chosen, echoCancellation: true, noiseSuppression: true, autoGainControl: true } }
      : {
          video: {
            ...chosen,
            width: { ideal: 1280 },
            height: { ideal: 720 },
            frameRate: { ideal: 25, max: 30 },
            facingMode: 'user',
          },
        };
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  const [track] = stream.getTracks();
  if (track === undefined) throw new DOMException('the device gives no track', 'NotFoundError');
  return track;
}

/** One layer of simulcast. */
export interface Layer {
  scaleResolutionDownBy: number;
  maxBitrate: number;
  scalabilityMode: string;
}

/**
 * Simulcast layers for a camera, smallest first: a quarter, half and whole of the picture, as many as keep the smallest
 * recognisable (about 135 lines). Bitrates in bit/s, enough for a face at 25 frames/s.
 */
export function cameraLayers(height: number): Layer[] {
  const layers: Layer[] = [
    { scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
    { scaleResolutionDownBy: 2, maxBitrate: 450_000, scalabilityMode: 'L1T3' },
    { scaleResolutionDownBy: 1, maxBitrate: 1_400_000, scalabilityMode: 'L1T3' },
  ];
  const count = height >= 540 ? 3 : height >= 270 ? 2 : 1;
  return layers.slice(-count);
}
