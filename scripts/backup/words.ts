import { BackupError, type BackupFault } from '../../server/backup/errors.ts';
import { SchemaError } from '../../server/store/migrations/index.ts';
import { SealError } from '../../server/keys/MasterKeys.ts';
import { SetupError } from '../support/SetupError.ts';

const remedies: Readonly<Record<BackupFault, string>> = {
  key: 'Put the key of that time into NADI_KEY, or into NADI_OLD_KEYS beside a newer one (it is on the recovery sheet).',
  damaged: 'Use another backup: npm run backup -- list, then npm run restore -- --at <time>.',
  torn: 'Use another backup: npm run backup -- list, then npm run restore -- --at <time>.',
  newer: 'Install the version that wrote it, or a later one.',
  target: 'Check NADI_BACKUP_TARGET and what belongs to it.',
  missing: 'Check NADI_BACKUP_TARGET; npm run backup -- list shows what is there.',
  notEmpty: 'Restore into an empty one (NADI_DATA=/a/new/folder or another MONGODB_DB), or replace it: --replace.',
};

/** Anything that went wrong as a cause and a remedy, where it is no bug of ours. */
export function worded(error: unknown): unknown {
  if (error instanceof BackupError) return new SetupError(capital(error.message), remedies[error.fault]);
  if (error instanceof SchemaError) return new SetupError(capital(error.message), 'See docs/backup.md.');
  if (error instanceof SealError) return new SetupError(`A key is wrong: ${error.message}.`, remedies.key);
  return error;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}

/** `12.3 MB`. */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `2026-11-21 02:30:07 UTC`. */
export function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
