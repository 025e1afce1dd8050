import { openTarget, readBackupConfig, type BackupConfig } from '../../server/backup/config.ts';
import type { BackupTarget } from '../../server/backup/targets/types.ts';
import { messageOf, SetupError } from '../support/SetupError.ts';

/** The target of the settings, or of `address` with their S3 key. @throws SetupError */
export function targetFrom(env: NodeJS.ProcessEnv, address?: string): { target: BackupTarget; config: BackupConfig } {
  let config;
  try {
    config = readBackupConfig(env, address);
  } catch (error) {
    throw new SetupError(`The backup settings are wrong: ${messageOf(error)}.`, 'Correct nadi.env: npm run setup.');
  }
  if (!config.target) {
    throw new SetupError(
      'No backup target is set.',
      'Set NADI_BACKUP_TARGET to a folder on another disk or to s3://bucket/prefix (npm run setup), or name one: --to, --from.',
    );
  }
  return { target: openTarget(config.target), config };
}
