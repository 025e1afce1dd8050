import type { Socket } from 'socket.io';
import { limits } from '../../shared/limits.ts';
import type { Actor } from '../store/Access.ts';

/** Somebody without an account, who may hold a key to a public channel: no roles, so everything else is refused. */
export const visitor: Actor = {
  account: {
    _id: 'visitor',
    email: '',
    passwordHash: '',
    name: '',
    roles: [],
    permissionSets: [],
    clinicIds: [],
    createdAt: 0,
    accessChangedAt: 0,
  },
  sid: 'visitor',
};

export function isVisitor(account: { readonly _id: string }): boolean {
  return account._id === visitor.account._id;
}

/** How many connections without an account each address has here: nobody can fill a hub without being known. */
export class Visitors {
  readonly #counts = new Map<string, number>();

  /** Counts this one until its transport closes; false when its address has too many. */
  admit(socket: Socket): boolean {
    const { address } = socket.handshake;
    const count = this.#counts.get(address) ?? 0;
    if (count >= limits.visitorsPerAddress) return false;
    this.#counts.set(address, count + 1);
    socket.conn.once('close', () => {
      const left = (this.#counts.get(address) ?? 1) - 1;
      if (left > 0) this.#counts.set(address, left);
      else this.#counts.delete(address);
    });
    return true;
  }
}
