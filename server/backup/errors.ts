/**
 * Why a backup or a restore cannot go on:
 * `key` no master key here opens it · `damaged` bytes were changed · `torn` it ends too early · `newer` a later version wrote it ·
 * `target` where backups are kept cannot be used · `missing` there is none · `notEmpty` the database holds something.
 */
export type BackupFault = 'key' | 'damaged' | 'torn' | 'newer' | 'target' | 'missing' | 'notEmpty';

export class BackupError extends Error {
  readonly fault: BackupFault;

  constructor(fault: BackupFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
