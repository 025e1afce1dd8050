import { z } from 'zod';
import { FolderTarget } from './targets/FolderTarget.ts';
import { S3Target } from './targets/S3Target.ts';
import type { BackupTarget } from './targets/types.ts';

/** A setting that is empty is not set. */
const optional = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const time = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time, e.g. 02:30')
  .transform((text) => {
    const [hours = 0, minutes = 0] = text.split(':').map(Number);
    return hours * 60 + minutes;
  });
const keep = z
  .string()
  .regex(/^\d{1,4},\d{1,4},\d{1,4}$/, 'must be three numbers: days,weeks,months, e.g. 7,5,12')
  .transform((text) => {
    const [daily = 0, weekly = 0, monthly = 0] = text.split(',').map(Number);
    return { daily, weekly, monthly };
  });

/** The part of the environment that says where backups go and when. */
export const backupSchema = {
  NADI_BACKUP_TARGET: optional(
    z.string().regex(/^(s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?|(?!s3:).+)$/, 'a folder, or s3://bucket/prefix'),
  ),
  NADI_BACKUP_AT: time.prefault('02:30'),
  NADI_BACKUP_KEEP: keep.prefault('7,5,12'),
  NADI_BACKUP_S3_KEY_ID: optional(z.string()),
  NADI_BACKUP_S3_SECRET: optional(z.string()),
  NADI_BACKUP_S3_REGION: optional(z.string().regex(/^[\w-]+$/)),
  NADI_BACKUP_S3_ENDPOINT: optional(z.url({ protocol: /^https?$/ })),
};

type BackupEnv = z.output<z.ZodObject<typeof backupSchema>>;

/** How many backups are kept of each kind. */
export interface Keep {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export type TargetConfig =
  | { readonly kind: 'folder'; readonly folder: string }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Begins the name of every object: empty, or with `/` at its end. */
      readonly prefix: string;
      readonly endpoint: string;
      readonly region: string;
      readonly keyId: string;
      readonly secret: string;
    };

export interface BackupConfig {
  /** Null: nothing is backed up. */
  readonly target: TargetConfig | null;
  /** Minutes after midnight in the clinic's zone. */
  readonly at: number;
  readonly keep: Keep;
}

/** Sorts the settings; what an S3 target needs must be there. */
export function backupOf(env: BackupEnv): BackupConfig | { readonly problems: string[] } {
  const target = env.NADI_BACKUP_TARGET === undefined ? null : targetOf(env.NADI_BACKUP_TARGET, env);
  if (target && 'problems' in target) return target;
  return { target, at: env.NADI_BACKUP_AT, keep: env.NADI_BACKUP_KEEP };
}

/** What an address of a target means. @param env the rest of the settings. */
export function targetOf(text: string, env: BackupEnv): TargetConfig | { readonly problems: string[] } {
  if (!text.startsWith('s3://')) return { kind: 'folder', folder: text };
  const {
    NADI_BACKUP_S3_KEY_ID: keyId,
    NADI_BACKUP_S3_SECRET: secret,
    NADI_BACKUP_S3_REGION: region = 'us-east-1',
  } = env;
  const problems = (['NADI_BACKUP_S3_KEY_ID', 'NADI_BACKUP_S3_SECRET'] as const)
    .filter((name) => env[name] === undefined)
    .map((name) => `${name}: needed by an s3:// target`);
  if (keyId === undefined || secret === undefined) return { problems };
  const [bucket = '', ...path] = text.slice('s3://'.length).split('/');
  const prefix = path.filter((part) => part !== '').join('/');
  return {
    kind: 's3',
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: env.NADI_BACKUP_S3_ENDPOINT ?? `https://s3.${region}.amazonaws.com`,
    region,
    keyId,
    secret,
  };
}

/** The settings of backups alone, for the commands. @throws Error that lists every problem and no value. */
export function readBackupConfig(env: Readonly<Record<string, string | undefined>>, address?: string): BackupConfig {
  const parsed = z
    .object(backupSchema)
    .safeParse({ ...env, ...(address === undefined ? {} : { NADI_BACKUP_TARGET: address }) });
  const found = parsed.success
    ? backupOf(parsed.data)
    : { problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
  if ('problems' in found) throw new Error(found.problems.join('; '));
  return found;
}

export function openTarget(config: TargetConfig): BackupTarget {
  return config.kind === 'folder' ? new FolderTarget(config.folder) : new S3Target(config);
}
