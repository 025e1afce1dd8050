import type { KeyObject } from 'node:crypto';
import type { OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import { tokenLabel, type QueueEntry, type QueueEvent, type QueueState } from '../../shared/state/queue.ts';
import type { Access } from '../store/Access.ts';
import type { PlaceDoc, Room } from '../store/entities.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import { newId } from '../support/ids.ts';
import { signGrant } from './grant.ts';
import { peerOf } from './peers.ts';
import type { LiveNode, Nodes } from './Nodes.ts';

export interface ConsultDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly nodes: Nodes;
  readonly grantKey: KeyObject;
  readonly now: () => number;
}

/** Who meets whom, where, and by which right. The media node checks nothing but the grant. */
export class ConsultService {
  readonly #deps: ConsultDeps;

  constructor(deps: ConsultDeps) {
    this.#deps = deps;
  }

  /**
   * A grant for one's seat. The same person gets the same seat again, whichever page or device asks.
   * @throws AppError NOT_CALLED_YET, WRONG_STATE when it is over, UNAVAILABLE without a live media node.
   */
  async join(access: Access, entryId: string): Promise<OutputOf<'consult.join'>> {
    const found = await access.consultation(entryId);
    const { place, side } = found;
    const { entry, seq } = await this.#entry(place);
    if (entry.mode !== 'video') throw new AppError('WRONG_STATE', 'this visit is in person', { state: entry.state });
    if (entry.state === 'waiting') throw new AppError('NOT_CALLED_YET', 'the doctor has not called yet');
    if (entry.state !== 'called' && entry.state !== 'in-consultation') {
      throw new AppError('WRONG_STATE', `this visit is ${entry.state}`, { state: entry.state });
    }
    const { room, node } = await this.#place(entryId, seq);
    const peer = peerOf(found);
    const grant = await signGrant(
      this.#deps.grantKey,
      {
        aud: node.info.bootId,
        room: entryId,
        epoch: room.epoch,
        peer,
        role: side,
        may: { publish: true, subscribe: true, record: side === 'doctor' },
        jti: newId(),
      },
      this.#deps.now(),
    );
    return { url: node.info.publicUrl, grant, room: entryId, epoch: room.epoch, peer, role: side };
  }

  async info(access: Access, entryId: string): Promise<OutputOf<'consult.info'>> {
    const { place, patient, doctor } = await access.consultation(entryId);
    const { entry } = await this.#entry(place);
    return {
      entryId,
      sessionId: place.sessionId,
      token: tokenLabel(entry.token),
      doctorName: doctor.name,
      registrationNumber: doctor.registrationNumber,
      patientName: patient.name,
      doctorAccountId: doctor.accountId,
      state: entry.state,
    };
  }

  /**
   * The room is there before anybody asks for it. `seq` is where in the queue's stream this became true: openings and
   * closings may be carried out late and in any order, and the one that stands later in the stream wins. Idempotent.
   */
  async open(entryId: string, seq: number): Promise<void> {
    const { rooms } = this.#deps.repos;
    for (;;) {
      if (await rooms.insert({ _id: entryId, epoch: 1, node: null, status: 'open', at: seq })) return;
      const room = await rooms.get(entryId);
      if (!room || room.at >= seq) return;
      const { epoch, status, at } = room;
      // Called again after a skip: a new epoch, so that no client of the ended room comes back into it.
      const change = status === 'closed' ? { status: 'open', node: null, epoch: epoch + 1, at: seq } : { at: seq };
      if (await rooms.update({ _id: entryId, epoch, status, at }, { $set: change })) return;
    }
  }

  /** Ends the room for everybody in it, also one whose opening is still to come. See {@link open} for `seq`. Idempotent. */
  async close(entryId: string, seq: number): Promise<void> {
    const { rooms } = this.#deps.repos;
    if (await rooms.insert({ _id: entryId, epoch: 1, node: null, status: 'closed', at: seq })) return;
    await rooms.update({ _id: entryId, at: { $lt: seq } }, { $set: { status: 'closed', at: seq } });
    const room = await rooms.get(entryId);
    if (room?.at !== seq || room.status !== 'closed') return;
    const node = this.#deps.nodes.live().find((live) => live.control === room.node?.control);
    if (node && node.info.bootId === room.node?.bootId) {
      await this.#deps.nodes.closeRoom(node.control, entryId, room.epoch);
    }
  }

  /** Where the room runs; placed on the least loaded node when it runs nowhere, or its node is gone. */
  async #place(entryId: string, seq: number): Promise<{ room: Room; node: LiveNode }> {
    const { repos, nodes } = this.#deps;
    await this.open(entryId, seq);
    for (let tries = 0; tries < 5; tries++) {
      const room = await repos.rooms.get(entryId);
      if (!room) break;
      if (room.status === 'closed') throw new AppError('WRONG_STATE', 'this consultation has just ended');
      if (nodes.live().length === 0) await nodes.look();
      const live = nodes.live();
      const present = live.find((node) => node.control === room.node?.control && node.info.bootId === room.node.bootId);
      if (present) return { room, node: present };
      const best = live[0];
      if (!best) throw new AppError('UNAVAILABLE', 'no media node is answering');
      // Compare and set on the epoch: two who ask at once end in one place.
      const epoch = room.node === null ? room.epoch : room.epoch + 1;
      const node = { control: best.control, bootId: best.info.bootId };
      await repos.rooms.update(
        { _id: entryId, epoch: room.epoch, node: room.node, status: 'open' },
        { $set: { epoch, node } },
      );
    }
    throw new AppError('UNAVAILABLE', 'the room could not be placed');
  }

  /** The entry, and where the stream stands in which it is as it is. */
  async #entry(place: PlaceDoc): Promise<{ entry: QueueEntry; seq: number }> {
    const { state, seq } = await this.#deps.queues.load(place.sessionId);
    const entry = state.entries[place._id];
    if (!entry) throw new AppError('NOT_FOUND', 'no such consultation');
    return { entry, seq };
  }
}
