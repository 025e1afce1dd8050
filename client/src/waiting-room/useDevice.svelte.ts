import { untrack } from 'svelte';
import type { MediaSource } from '../../../shared/contract/sfu.ts';
import { chooseDevice, chosenDevice } from '../consult/room/chosen.ts';
import { openDevice, problemOf } from '../consult/room/devices.ts';
import type { MediaProblem } from '../consult/room/roomTypes.ts';

/**
 * One device, opened while the component lives and given back with it: its stream, why it cannot be had, and the others of its kind to choose
 * from. Call while a component initialises.
 */
export function useDevice(source: MediaSource) {
  let status = $state<'asking' | 'works' | MediaProblem>('asking');
  let stream = $state.raw<MediaStream | null>(null);
  let others = $state.raw<readonly MediaDeviceInfo[]>([]);
  let id = $state(chosenDevice(source) ?? '');
  let turn = 0;

  function release(): void {
    turn += 1;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
  }

  async function open(): Promise<void> {
    release();
    const mine = turn;
    status = 'asking';
    try {
      const track = await openDevice(source);
      if (turn !== mine) return track.stop();
      track.addEventListener('ended', () => {
        if (turn === mine) void open();
      });
      stream = new MediaStream([track]);
      id = track.getSettings().deviceId ?? id;
      status = 'works';
      await list();
    } catch (error) {
      if (turn === mine) status = problemOf(error);
    }
  }

  /** Names are known only once the browser has allowed one of them. */
  async function list(): Promise<void> {
    const kind = source === 'camera' ? 'videoinput' : 'audioinput';
    const all = await navigator.mediaDevices.enumerateDevices();
    others = all.filter((device) => device.kind === kind && device.deviceId !== '');
  }

  $effect(() => {
    untrack(() => void open());
    const changed = () => void list().catch(() => undefined);
    const { mediaDevices } = navigator; // absent on an insecure page
    mediaDevices?.addEventListener('devicechange', changed);
    return () => {
      mediaDevices?.removeEventListener('devicechange', changed);
      release();
    };
  });

  return {
    get status() {
      return status;
    },
    get stream() {
      return stream;
    },
    get choices() {
      return others;
    },
    get id() {
      return id;
    },
    choose(deviceId: string): void {
      chooseDevice(source, deviceId);
      void open();
    },
    again: () => void open(),
  };
}
export type Device = ReturnType<typeof useDevice>;
