import type { MediaSource } from '../../../../shared/contract/sfu.ts';
import { readPref, writePref } from '../../ui/prefs.ts';

/** The device chosen on this machine for a source, by its id; undefined: the browser's own choice. */
export function chosenDevice(source: MediaSource): string | undefined {
  const id = readPref(`device.${source}`);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

export function chooseDevice(source: MediaSource, deviceId: string): void {
  writePref(`device.${source}`, deviceId);
}
