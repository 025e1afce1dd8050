import type { RoomChange, RoomSnapshot } from '../../../../shared/contract/sfu.ts';
import { recordingOff } from '../../../../shared/contract/sfuRecording.ts';
import { assertUnreachable } from '../../../../shared/errors.ts';

/** Before anything is known of it. */
export const emptyRoom: RoomSnapshot = { revision: 0, peers: [], producers: [], recording: recordingOff };

/**
 * Applies one numbered change to what is known of a room.
 *
 * @returns the new view; the same object for a change it holds already; `'gap'` when one in between was missed
 */
export function applyUpdate(
  view: RoomSnapshot,
  update: { revision: number; change: RoomChange },
): RoomSnapshot | 'gap' {
  if (update.revision <= view.revision) return view;
  if (update.revision > view.revision + 1) return 'gap';
  return { ...applyChange(view, update.change), revision: update.revision };
}

function applyChange(view: RoomSnapshot, change: RoomChange): RoomSnapshot {
  const { peers, producers } = view;
  switch (change.type) {
    case 'peer-joined':
      return { ...view, peers: [...peers.filter(({ id }) => id !== change.peer.id), change.peer] };
    case 'peer-left':
      return {
        ...view,
        peers: peers.filter(({ id }) => id !== change.peer),
        producers: producers.filter(({ peer }) => peer !== change.peer),
      };
    case 'peer-state':
      return {
        ...view,
        peers: peers.map((peer) => (peer.id === change.peer ? { ...peer, state: change.state } : peer)),
      };
    case 'producer-added':
      return { ...view, producers: [...producers.filter(({ id }) => id !== change.producer.id), change.producer] };
    case 'producer-closed':
      return { ...view, producers: producers.filter(({ id }) => id !== change.producer) };
    case 'producer-paused':
      return {
        ...view,
        producers: producers.map((known) =>
          known.id === change.producer ? { ...known, paused: change.paused } : known,
        ),
      };
    case 'recording':
      return { ...view, recording: change.recording };
    default:
      return assertUnreachable(change);
  }
}
