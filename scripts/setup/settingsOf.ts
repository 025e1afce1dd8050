import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Secrets } from '../support/secrets.ts';
import type { Answers, Env } from './answers.ts';
import type { EnvSection } from './envFile.ts';

/** What a file holds of secrets when everything is new: the house's own, and those of the services in containers. */
export type AllSecrets = Secrets & {
  readonly SFU_TURN_SECRET: string;
  readonly NADI_METRICS_TOKEN: string;
  readonly NADI_MONGO_ROOT_PASSWORD: string;
  readonly NADI_MONGO_PASSWORD: string;
  readonly NADI_MONGO_KEYFILE: string;
  readonly NADI_REDIS_PASSWORD: string;
};

/** Fresh ones for the services beside the house. Letters and digits only: they stand in addresses and in other programs' files. */
export function serviceSecrets(): Omit<AllSecrets, keyof Secrets> {
  const made = (): string => randomBytes(32).toString('hex');
  return {
    SFU_TURN_SECRET: made(),
    NADI_METRICS_TOKEN: made(),
    NADI_MONGO_ROOT_PASSWORD: made(),
    NADI_MONGO_PASSWORD: made(),
    NADI_MONGO_KEYFILE: made(),
    NADI_REDIS_PASSWORD: made(),
  };
}

/** Only what is needed stands in a file: no entry for what was not answered. */
function present(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
}

function publicUrl({ domain = '', tls, tlsPort = '443', install }: Answers): string {
  const port = tls === 'files' && install !== 'containers' && tlsPort !== '443' ? `:${tlsPort}` : '';
  return `https://${domain}${port}`;
}

function smtpUrl({ smtpHost, smtpPort = '587', smtpUser, smtpPassword }: Answers): string | undefined {
  if (smtpHost === undefined || smtpHost === '') return undefined;
  const who = smtpUser ? `${encodeURIComponent(smtpUser)}:${encodeURIComponent(smtpPassword ?? '')}@` : '';
  return `${smtpPort === '465' ? 'smtps' : 'smtp'}://${who}${smtpHost}:${smtpPort}`;
}

/** What Caddy's `tls` directive gets: a mail address for ACME, or files. */
function proxyTls({ tls, acmeMail, tlsCert = '', tlsKey = '', install }: Answers): string | undefined {
  if (tls === 'acme') return acmeMail;
  if (tls !== 'files' || install !== 'containers') return undefined;
  return `/certs/${path.basename(tlsCert)} /certs/${path.basename(tlsKey)}`;
}

/** Which optional parts of compose.yaml run. */
function profiles({ database, turn }: Answers): string {
  return [database === 'bundled' ? 'mongo' : '', turn === 'bundled' ? 'turn' : ''].filter((name) => name !== '').join();
}

/** One port per worker. */
function rtcPorts({ rtcPort = '40000', workers = '2' }: Answers): string {
  return `${rtcPort}-${Number(rtcPort) + Number(workers) - 1}`;
}

/** The settings that follow from the answers alone, in sections; no secret of ours is in them. */
export function settingsOf(answers: Answers): EnvSection[] {
  const { domain = '', turn, install = 'machine', database } = answers;
  const containers = install === 'containers';
  const ownTls = answers.tls === 'files' && !containers;
  const origin = publicUrl(answers);
  // A folder of the machine has another name inside.
  const backupFolder = containers && answers.backupTarget?.startsWith('/') ? answers.backupTarget : undefined;
  return [
    {
      title: 'Where it runs',
      values: present({
        NADI_MODE: 'production',
        NADI_INSTALL: install,
        NADI_PUBLIC_URL: origin,
        NADI_DOMAIN: domain,
        NADI_PROXY_TLS: proxyTls(answers),
        NADI_CERTS: containers && answers.tls === 'files' ? path.dirname(answers.tlsCert ?? '') : undefined,
        NADI_CERT_FILE: containers && answers.tls === 'files' ? answers.tlsCert : undefined,
        NADI_CERT_KEY_FILE: containers && answers.tls === 'files' ? answers.tlsKey : undefined,
        COMPOSE_PROFILES: containers ? profiles(answers) : undefined,
        NADI_DATA: containers ? undefined : answers.dataDir,
        PORT: containers ? undefined : answers.port,
        NADI_TLS_CERT: ownTls ? answers.tlsCert : undefined,
        NADI_TLS_KEY: ownTls ? answers.tlsKey : undefined,
        NADI_TLS_PORT: ownTls ? answers.tlsPort : undefined,
      }),
    },
    {
      title: 'Database and bus',
      values: present({
        NADI_EMBEDDED_DATABASE: database === 'embedded' ? '1' : undefined,
        MONGODB_URI: database === 'uri' ? answers.mongodbUri : undefined,
        REDIS_URL: containers ? undefined : answers.redisUrl,
      }),
    },
    {
      title: 'Calls',
      values: present({
        SFU_PUBLIC_URL: ownTls ? `https://${domain}:${answers.sfuTlsPort ?? '3443'}` : origin,
        SFU_ALLOWED_ORIGINS: origin,
        SFU_ANNOUNCED_ADDRESS: answers.announcedAddress,
        SFU_RTC_PORT: answers.rtcPort,
        SFU_WORKERS: answers.workers,
        NADI_RTC_PORTS: containers ? rtcPorts(answers) : undefined,
        SFU_PORT: containers ? undefined : answers.sfuPort,
        SFU_TLS_CERT: ownTls ? answers.tlsCert : undefined,
        SFU_TLS_KEY: ownTls ? answers.tlsKey : undefined,
        SFU_TLS_PORT: ownTls ? answers.sfuTlsPort : undefined,
        NADI_TURN_BUNDLED: turn === 'bundled' ? '1' : undefined,
        SFU_TURN_URLS:
          turn === 'bundled'
            ? `turn:${domain}:3478?transport=udp,turn:${domain}:3478?transport=tcp`
            : turn === 'external'
              ? answers.turnUrls
              : undefined,
      }),
    },
    {
      title: 'Mail and SMS',
      values: present({
        SMTP_URL: smtpUrl(answers),
        MAIL_FROM: smtpUrl(answers) === undefined ? undefined : answers.mailFrom,
        NADI_VAPID_SUBJECT: origin,
        TWILIO_ACCOUNT_SID: answers.smsAccountSid,
        TWILIO_AUTH_TOKEN: answers.smsAuthToken,
        TWILIO_FROM: answers.smsFrom,
      }),
    },
    {
      title: 'Backups',
      values: present({
        NADI_BACKUPS: backupFolder,
        NADI_BACKUP_TARGET: backupFolder === undefined ? answers.backupTarget : '/backups',
        NADI_BACKUP_AT: answers.backupAt,
        NADI_BACKUP_S3_KEY_ID: answers.backupKeyId,
        NADI_BACKUP_S3_SECRET: answers.backupSecret,
        NADI_BACKUP_S3_REGION: answers.backupRegion,
        NADI_BACKUP_S3_ENDPOINT: answers.backupEndpoint,
      }),
    },
  ];
}

/** The secrets this installation needs: those that are there stay, those that are missing are fresh. */
export function secretsOf(answers: Answers, before: Env, fresh: AllSecrets): Record<string, string> {
  const containers = answers.install === 'containers';
  const needed = Object.entries(fresh).filter(([name]) => {
    if (name === 'SFU_TURN_SECRET') return answers.turn === 'bundled';
    if (/^NADI_MONGO_/.test(name)) return containers && answers.database === 'bundled';
    return name === 'NADI_REDIS_PASSWORD' ? containers : true;
  });
  const kept = Object.fromEntries(needed.map(([name, value]) => [name, before[name] ?? value]));
  return answers.turn === 'external' ? { ...kept, SFU_TURN_SECRET: answers.turnSecret ?? '' } : kept;
}

/** Every variable these two may write: one that is not written any more goes away. */
const own =
  /^(PORT|COMPOSE_PROFILES|SMTP_URL|MAIL_FROM|MONGODB_URI|REDIS_URL|TWILIO_(ACCOUNT_SID|AUTH_TOKEN|FROM)|SFU_(PUBLIC_URL|ALLOWED_ORIGINS|ANNOUNCED_ADDRESS|RTC_PORT|WORKERS|PORT|TLS_CERT|TLS_KEY|TLS_PORT|TURN_URLS|TURN_SECRET)|NADI_(SETUP|BACKUPS|RTC_PORTS|MODE|INSTALL|PUBLIC_URL|DOMAIN|PROXY_TLS|CERTS|CERT_FILE|CERT_KEY_FILE|DATA|TLS_CERT|TLS_KEY|TLS_PORT|EMBEDDED_DATABASE|TURN_BUNDLED|VAPID_SUBJECT|BACKUP_(TARGET|AT|S3_\w+)))$/;

/** All sections of the file: settings, secrets, and what somebody had added by hand. */
export function fileSections(answers: Answers, before: Env, fresh: AllSecrets): EnvSection[] {
  const settings = settingsOf(answers);
  const secrets = secretsOf(answers, before, fresh);
  const written = new Set([...settings.flatMap(({ values }) => Object.keys(values)), ...Object.keys(secrets)]);
  const added = Object.entries(before).filter(([name]) => !written.has(name) && !own.test(name));
  return [
    ...settings,
    { title: 'Secrets. NADI_KEY opens everything clinical: lost, it is lost. Keep a copy elsewhere', values: secrets },
    { title: 'Added by hand', values: present(Object.fromEntries(added)) },
  ];
}
