import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { z } from 'zod';
import { MasterKeys, SealError } from '../../server/keys/MasterKeys.ts';
import { PatientKeys } from '../../server/keys/PatientKeys.ts';
import { countUnsealed, sealOlder, type Unsealed } from '../../server/keys/sealOlder.ts';
import { SetupError } from '../support/SetupError.ts';
import type { HeldKeys, KeyFile } from './keyFile.ts';

export interface KeyStatus {
  /** Fingerprint of the master key that wraps. */
  readonly current: string;
  readonly old: readonly string[];
  /** How many keys are wrapped by which master key, by fingerprint. */
  readonly wrapped: Readonly<Record<string, number>>;
  readonly destroyed: number;
  /** Keys that do not open, by whose they are; asked for by `open` only. */
  readonly broken: readonly string[];
  readonly unsealed: Unsealed;
}

const pulse = z.object({ _id: z.string(), at: z.number(), key: z.string().optional() });
/** A hub that gave no sign for this long has stopped, ms. */
const stoppedMs = 30_000;

/** @throws SetupError without a key. */
export function mastersOf({ current, old }: HeldKeys): MasterKeys {
  if (current === null || current === '') {
    throw new SetupError(
      'There is no master key (NADI_KEY) yet.',
      'npm run setup makes one; npm run keys -- enter takes one from its sheet.',
    );
  }
  return new MasterKeys([current, ...old]);
}

/** What there is; with `open` every key is opened. Names nobody and shows no key. */
export async function keyStatus(db: Db, held: HeldKeys, open: boolean): Promise<KeyStatus> {
  const masters = mastersOf(held);
  const wrapped: Record<string, number> = {};
  const broken: string[] = [];
  let destroyed = 0;
  for await (const key of new PatientKeys(db, masters, Date.now).exportWrapped()) {
    if (!key.wrapped) {
      destroyed += 1;
      continue;
    }
    wrapped[key.wrapped.kid] = (wrapped[key.wrapped.kid] ?? 0) + 1;
    if (!open) continue;
    try {
      masters.unwrap(key.wrapped, key._id);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      broken.push(key._id);
    }
  }
  const old = held.old.map((one) => new MasterKeys([one]).current);
  return { current: masters.current, old, wrapped, destroyed, broken, unsealed: await countUnsealed(db) };
}

export type Rotated =
  | { readonly state: 'done'; readonly rewrapped: number; readonly current: string; readonly old: number }
  /** Hubs run that do not know the new key yet: they must be started again first. */
  | { readonly state: 'restart'; readonly hubs: number; readonly current: string };

/**
 * A new master key in the place of the old one. In steps that may each be interrupted and repeated: the new key is written beside the
 * old ones; once every running hub knows it, everything is wrapped anew. Run again it goes on where it was.
 */
export async function rotate(db: Db, file: KeyFile, now: () => number): Promise<Rotated> {
  let held = await file.read();
  const before = await keyStatus(db, held, true);
  if (before.broken.length > 0) {
    throw new SetupError(
      `${before.broken.length} keys do not open with the master keys that are there.`,
      'Add the missing one to NADI_OLD_KEYS (npm run keys -- enter --old takes it from its sheet), then run this again.',
    );
  }
  const pending = Object.keys(before.wrapped).some((kid) => kid !== before.current);
  const unheard = before.old.length > 0 && (await lateHubs(db, before.current, now)) > 0;
  if (!pending && !unheard) {
    const fresh = randomBytes(32).toString('base64');
    held = { current: fresh, old: [held.current ?? '', ...held.old] };
    await file.write(held);
  }
  const masters = mastersOf(held);
  const late = await lateHubs(db, masters.current, now);
  if (late > 0) return { state: 'restart', hubs: late, current: masters.current };
  const keys = new PatientKeys(db, masters, now);
  const rewrapped = await keys.rewrap();
  await sealOlder(db, keys);
  return { state: 'done', rewrapped, current: masters.current, old: held.old.length };
}

/** How many hubs run without this key as their own. */
async function lateHubs(db: Db, current: string, now: () => number): Promise<number> {
  const found = await db
    .collection('presence')
    .find({ beat: { $exists: true }, at: { $gt: now() - stoppedMs } })
    .toArray();
  return found.map((doc) => pulse.parse(doc)).filter((hub) => hub.key !== current).length;
}
