import type { ErrorCode } from '../../../shared/errors.ts';
import { isActive, type EntryState } from '../../../shared/state/queue.ts';
import type { MediaProblem, Quality, RoomState } from './room/roomTypes.ts';

/** What the panel is about at this moment; everything else (self-view, buttons) follows from it. */
export type Face =
  | 'preparing'
  | 'not-called'
  | 'refused'
  | 'connecting'
  | 'alone'
  | 'together'
  | 'failed'
  | 'left'
  | 'set-aside'
  | 'in-person'
  | 'ended'
  | 'replaced';

/**
 * @param visit the state of the queue entry, null while unknown
 * @param refusal why the hub gave no grant
 * @param others how many others are in the room
 */
export function faceOf(state: RoomState, visit: EntryState | null, refusal: ErrorCode | null, others: number): Face {
  if (visit === 'skipped' || visit === 'on-hold') return 'set-aside';
  if (visit !== null && !isActive(visit)) return 'ended';
  if (refusal !== null) {
    if (refusal === 'NOT_CALLED_YET') return 'not-called';
    if (refusal !== 'WRONG_STATE') return 'refused';
    // A visit that is open and still has no call is one in person.
    return visit === null ? 'ended' : 'in-person';
  }
  switch (state) {
    case 'idle':
      return 'preparing';
    case 'connecting':
      return 'connecting';
    case 'live':
    case 'reconnecting':
      return others > 0 ? 'together' : 'alone';
    default:
      return state;
  }
}

/** True while there is a call to look at. */
export function inCall(face: Face): boolean {
  return face === 'connecting' || face === 'alone' || face === 'together';
}

/** One line about the connection; null when there is nothing worth saying. */
export type LineKey = 'reconnecting' | 'otherReconnecting' | 'poor' | 'fair' | 'good' | null;

export function lineOf(state: RoomState, otherReconnecting: boolean, quality: Quality): LineKey {
  if (state === 'reconnecting') return 'reconnecting';
  if (state !== 'live') return null;
  if (otherReconnecting) return 'otherReconnecting';
  return quality === 'unknown' ? null : quality;
}

export type Browser = 'chrome' | 'android' | 'firefox' | 'safari' | 'ios' | 'other';

/** Which browser's switch for camera and microphone to describe, from its user agent string. */
export function browserOf(agent: string): Browser {
  if (/iPhone|iPad|iPod/.test(agent)) return 'ios';
  if (/Firefox\//.test(agent)) return 'firefox';
  if (/Android/.test(agent)) return /Chrome\//.test(agent) ? 'android' : 'other';
  if (/Chrome\/|Chromium\/|Edg\//.test(agent)) return 'chrome';
  return /Safari\//.test(agent) ? 'safari' : 'other';
}

/** What keeps this side from being seen or heard, gravest first: nothing at all, the microphone, the camera. */
export function deviceTrouble(
  microphone: MediaProblem | undefined,
  camera: MediaProblem | undefined,
): { what: 'both' | 'microphone' | 'camera'; problem: MediaProblem } | null {
  if (microphone !== undefined && camera !== undefined) return { what: 'both', problem: microphone };
  if (microphone !== undefined) return { what: 'microphone', problem: microphone };
  return camera === undefined ? null : { what: 'camera', problem: camera };
}
