import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProducerInfo, RoomChange, RoomSnapshot } from '../../../../shared/contract/sfu.ts';
import { recordingOff } from '../../../../shared/contract/sfuRecording.ts';
import { applyUpdate, emptyRoom } from './roomView.ts';

const doctor = { id: 'd', role: 'doctor', state: 'connected' } as const;
const patient = { id: 'p', role: 'patient', state: 'connected' } as const;
const camera: ProducerInfo = { id: 'c1', peer: 'p', kind: 'video', source: 'camera', paused: false };
const start: RoomSnapshot = { revision: 4, peers: [doctor], producers: [], recording: recordingOff };

function play(view: RoomSnapshot, ...changes: RoomChange[]): RoomSnapshot {
  return changes.reduce((at, change) => {
    const next = applyUpdate(at, { revision: at.revision + 1, change });
    if (next === 'gap') throw new Error('a gap where there is none');
    return next;
  }, view);
}

describe('applyUpdate', () => {
  const full = play(start, { type: 'peer-joined', peer: patient }, { type: 'producer-added', producer: camera });

  it('follows who comes, sends and mutes', () => {
    expect(full).toEqual({ revision: 6, peers: [doctor, patient], producers: [camera], recording: recordingOff });
    const changed = play(
      full,
      { type: 'producer-paused', producer: 'c1', peer: 'p', paused: true },
      { type: 'peer-state', peer: 'p', state: 'reconnecting' },
    );
    expect(changed.producers[0]?.paused).toBe(true);
    expect(changed.peers[1]?.state).toBe('reconnecting');
    expect(play(full, { type: 'producer-closed', producer: 'c1', peer: 'p' }).producers).toEqual([]);
  });

  it('takes the producers of one who leaves away', () => {
    const left = play(full, { type: 'peer-left', peer: 'p', reason: 'left' });
    expect(left).toEqual({ revision: 7, peers: [doctor], producers: [], recording: recordingOff });
  });

  it('passes over what a snapshot holds already, and sees what is missing', () => {
    const change: RoomChange = { type: 'peer-left', peer: 'd', reason: 'left' };
    expect(applyUpdate(start, { revision: 4, change })).toBe(start);
    expect(applyUpdate(start, { revision: 6, change })).toBe('gap');
  });

  it('gives the same from any snapshot on: snapshot + later updates == all updates', () => {
    const id = fc.constantFrom('a', 'b', 'c');
    const change: fc.Arbitrary<RoomChange> = fc.oneof(
      id.map((peer) => ({ type: 'peer-joined' as const, peer: { ...patient, id: peer } })),
      id.map((peer) => ({ type: 'peer-left' as const, peer, reason: 'timed-out' as const })),
      id.map((peer) => ({ type: 'peer-state' as const, peer, state: 'reconnecting' as const })),
      fc
        .tuple(id, id)
        .map(([peer, of]) => ({ type: 'producer-added' as const, producer: { ...camera, id: of, peer } })),
      id.map((producer) => ({ type: 'producer-closed' as const, producer, peer: 'a' })),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.nat(30), (changes, cut) => {
        const updates = changes.map((one, at) => ({ revision: at + 1, change: one }));
        const empty: RoomSnapshot = emptyRoom;
        const snapshot = play(empty, ...changes.slice(0, cut));
        // All of them again, those in the snapshot too: they must make no difference.
        let view: RoomSnapshot = snapshot;
        for (const update of updates) {
          const next = applyUpdate(view, update);
          if (next === 'gap') throw new Error('gap');
          view = next;
        }
        expect(view).toEqual(play(empty, ...changes));
      }),
    );
  });
});
