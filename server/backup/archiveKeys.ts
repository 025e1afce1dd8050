import { hkdfSync } from 'node:crypto';
import { MasterKeys } from '../keys/MasterKeys.ts';
import { BackupError } from './errors.ts';

interface ArchiveKey {
  /** Names the master key without telling it. */
  readonly kid: string;
  readonly key: Buffer;
}

/** What archives are sealed with: one key derived from each master key. The newest seals; older ones still open. */
export class ArchiveKeys {
  readonly #keys: readonly [ArchiveKey, ...ArchiveKey[]];

  /** @param masterKeys `NADI_KEY`, then `NADI_OLD_KEYS`. @throws SealError when one is not 32 bytes in base64. */
  constructor(masterKeys: readonly string[]) {
    const [first, ...others] = masterKeys.map((text) => ({
      kid: new MasterKeys([text]).current,
      key: Buffer.from(hkdfSync('sha256', Buffer.from(text, 'base64'), '', 'nadi backup', 32)),
    }));
    if (!first) throw new BackupError('key', 'no master key');
    this.#keys = [first, ...others];
  }

  get current(): ArchiveKey {
    return this.#keys[0];
  }

  /** @throws BackupError `key` when none of ours has this name. */
  named(kid: string): Buffer {
    const found = this.#keys.find((one) => one.kid === kid);
    if (found) return found.key;
    const ours = this.#keys.map((one) => one.kid).join(', ');
    throw new BackupError('key', `it was sealed with master key ${kid}; the keys here are ${ours}`);
  }
}
