import path from 'node:path';
import { emailAddress } from '../../shared/contract/passwords.ts';
import { limits } from '../../shared/limits.ts';
import { ROOT } from '../support/paths.ts';
import type { Answers, Env, Question } from './answers.ts';
import { address, by, domain, file, folder, orNone, pattern, port, turnUrls, words, zone } from './checks.ts';

const here = ({ install }: Answers): boolean => install !== 'containers';
const ownTls = (answers: Answers): boolean => here(answers) && answers.tls === 'files';
const toS3 = ({ backupTarget }: Answers): boolean => backupTarget?.startsWith('s3:') ?? false;
const sendsMail = ({ smtpHost }: Answers): boolean => (smtpHost ?? '') !== '';
const sendsSms = ({ smsAccountSid }: Answers): boolean => (smsAccountSid ?? '') !== '';
const none = (): string => '';

function urlOf(text: string | undefined): URL | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}
const smtp = (env: Env): URL | undefined => urlOf(env['SMTP_URL']);

function tlsNow(env: Env): string | undefined {
  if (env['NADI_PUBLIC_URL'] === undefined) return undefined;
  const proxy = env['NADI_PROXY_TLS'];
  if (env['NADI_TLS_CERT'] !== undefined || proxy?.includes(' ')) return 'files';
  return proxy === undefined ? 'proxy' : 'acme';
}

function turnNow(env: Env): string | undefined {
  if (env['NADI_TURN_BUNDLED'] === '1') return 'bundled';
  if (env['SFU_TURN_URLS'] !== undefined) return 'external';
  return env['NADI_PUBLIC_URL'] === undefined ? undefined : 'none';
}

function databaseNow(env: Env): string | undefined {
  if (env['NADI_EMBEDDED_DATABASE'] === '1') return 'embedded';
  if (env['NADI_MONGO_PASSWORD'] !== undefined) return 'bundled';
  return env['MONGODB_URI'] === undefined ? undefined : 'uri';
}

/** A password for who has none: shown once, then known to nobody but the reader. */
export const generate = '';

/** What `npm run setup` asks. A choice is checked against its choices besides its own check. */
export const questions: readonly Question[] = [
  {
    id: 'install',
    ask: 'Where will it run: on this machine (machine), or in containers (containers)?',
    choices: () => ['machine', 'containers'],
    now: (env) => env['NADI_INSTALL'],
    byDefault: () => 'machine',
    check: () => undefined,
  },
  { id: 'clinicName', ask: 'The name of the clinic', check: words(1, 200) },
  { id: 'clinicAddress', ask: 'Its postal address, for letterheads', byDefault: none, check: words(0, 400) },
  {
    id: 'zone',
    ask: 'Its time zone',
    byDefault: () => {
      const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
      return timeZone.includes('/') ? timeZone : 'Asia/Kolkata';
    },
    check: zone,
  },
  { id: 'adminName', ask: 'The first admin: name', check: words(1, 120) },
  { id: 'adminEmail', ask: 'The first admin: e-mail', check: by(emailAddress) },
  {
    id: 'adminPassword',
    ask: 'The first admin: password (empty: one is made and shown once)',
    secret: true,
    byDefault: () => generate,
    check: orNone(words(limits.passwordLeastChars, limits.passwordChars)),
  },
  {
    id: 'domain',
    ask: 'The name people type to reach it, e.g. clinic.example.org',
    now: (env) => urlOf(env['NADI_PUBLIC_URL'])?.hostname,
    check: domain,
  },
  {
    id: 'tls',
    ask: 'Certificates: from Let’s Encrypt by the bundled proxy (acme), your own files (files), or a proxy you have already (proxy)?',
    choices: () => ['acme', 'files', 'proxy'],
    now: tlsNow,
    byDefault: () => 'acme',
    check: () => undefined,
  },
  {
    id: 'acmeMail',
    ask: 'An e-mail address for the certificate authority’s warnings',
    when: ({ tls }) => tls === 'acme',
    now: (env) => (tlsNow(env) === 'acme' ? env['NADI_PROXY_TLS'] : undefined),
    byDefault: ({ adminEmail }) => adminEmail,
    check: by(emailAddress),
  },
  {
    id: 'tlsCert',
    ask: 'The certificate with its chain (PEM file)',
    when: ({ tls }) => tls === 'files',
    now: (env) => env['NADI_TLS_CERT'] ?? env['NADI_CERT_FILE'],
    check: file,
  },
  {
    id: 'tlsKey',
    ask: 'Its key (PEM file)',
    when: ({ tls }) => tls === 'files',
    now: (env) => env['NADI_TLS_KEY'] ?? env['NADI_CERT_KEY_FILE'],
    check: file,
  },
  {
    id: 'tlsPort',
    ask: 'The port for https',
    when: ownTls,
    now: (env) => env['NADI_TLS_PORT'],
    byDefault: () => '443',
    check: port,
  },
  {
    id: 'sfuTlsPort',
    ask: 'The port for calls over https (signalling)',
    when: ownTls,
    now: (env) => env['SFU_TLS_PORT'],
    byDefault: () => '3443',
    check: port,
  },
  {
    id: 'port',
    ask: 'The port on this machine that the proxy reaches the hub at',
    when: here,
    now: (env) => env['PORT'],
    byDefault: () => '3000',
    check: port,
  },
  {
    id: 'sfuPort',
    ask: 'The port on this machine that the proxy reaches the media node at',
    when: here,
    now: (env) => env['SFU_PORT'],
    byDefault: () => '3001',
    check: port,
  },
  {
    id: 'dataDir',
    ask: 'The folder for the clinic’s data',
    when: here,
    now: (env) => env['NADI_DATA'],
    byDefault: () => path.join(ROOT, 'clinic'),
    check: folder,
  },
  {
    id: 'database',
    ask: 'The database: a MongoDB you run (uri), or the one that comes along (embedded or bundled)',
    choices: (answers) => (here(answers) ? ['uri', 'embedded'] : ['bundled', 'uri']),
    now: databaseNow,
    byDefault: (answers) => (here(answers) ? undefined : 'bundled'),
    check: () => undefined,
  },
  {
    id: 'mongodbUri',
    ask: 'Its address with user and password (mongodb://…)',
    secret: true,
    when: ({ database }) => database === 'uri',
    now: (env) => env['MONGODB_URI'],
    check: pattern(/^mongodb(\+srv)?:\/\/\S+$/, 'must be a mongodb:// address'),
  },
  {
    id: 'redisUrl',
    ask: 'A Redis that several hubs share (redis://…; empty: one hub needs none)',
    when: here,
    now: (env) => env['REDIS_URL'],
    byDefault: none,
    check: orNone(pattern(/^rediss?:\/\/\S+$/, 'must be a redis:// or rediss:// address')),
  },
  {
    id: 'announcedAddress',
    ask: 'The IP address at which browsers reach this machine for sound and picture',
    now: (env) => env['SFU_ANNOUNCED_ADDRESS'],
    check: address,
  },
  {
    id: 'rtcPort',
    ask: 'The first port for sound and picture (UDP and TCP, one per media worker)',
    now: (env) => env['SFU_RTC_PORT'],
    byDefault: () => '40000',
    check: port,
  },
  {
    id: 'workers',
    ask: 'How many media workers (one carries about a hundred calls)',
    now: (env) => env['SFU_WORKERS'],
    byDefault: () => '2',
    check: pattern(/^([1-9]|[1-5]\d|6[0-4])$/, 'a number from 1 to 64'),
  },
  {
    id: 'turn',
    ask: 'TURN, for patients behind strict networks: none, the coturn that comes along (bundled), or one you have (external)',
    choices: () => ['none', 'bundled', 'external'],
    now: turnNow,
    byDefault: () => 'bundled',
    check: () => undefined,
  },
  {
    id: 'turnUrls',
    ask: 'Its addresses',
    when: ({ turn }) => turn === 'external',
    now: (env) => env['SFU_TURN_URLS'],
    check: turnUrls,
  },
  {
    id: 'turnSecret',
    ask: 'The secret shared with it (coturn: static-auth-secret)',
    secret: true,
    when: ({ turn }) => turn === 'external',
    now: (env) => (turnNow(env) === 'external' ? env['SFU_TURN_SECRET'] : undefined),
    check: words(16, 400),
  },
  {
    id: 'smtpHost',
    ask: 'Mail: the SMTP server’s name (empty: no mail is sent)',
    now: (env) => smtp(env)?.hostname,
    byDefault: none,
    check: orNone(pattern(/^[\w.-]+$/, 'a name alone: mail.example.org')),
  },
  {
    id: 'smtpPort',
    ask: 'Mail: its port (465: TLS from the start; 587: STARTTLS)',
    when: sendsMail,
    now: (env) => smtp(env)?.port,
    byDefault: () => '587',
    check: port,
  },
  {
    id: 'smtpUser',
    ask: 'Mail: user (empty: none)',
    when: sendsMail,
    now: (env) => decoded(smtp(env)?.username),
    byDefault: none,
    check: words(0, 200),
  },
  {
    id: 'smtpPassword',
    ask: 'Mail: password',
    secret: true,
    when: (answers) => sendsMail(answers) && (answers.smtpUser ?? '') !== '',
    now: (env) => decoded(smtp(env)?.password),
    check: words(1, 400),
  },
  {
    id: 'mailFrom',
    ask: 'Mail: the sender, e.g. Clinic <hello@example.org>',
    when: sendsMail,
    now: (env) => env['MAIL_FROM'],
    byDefault: ({ clinicName, domain: name }) =>
      name === undefined ? undefined : `${clinicName ?? 'Nadi'} <no-reply@${name}>`,
    check: pattern(
      /^[^\s@<>][^@<>]*<[^\s@<>]+@[^\s@<>]+>$|^[^\s@<>]+@[^\s@<>]+$/,
      'an address, e.g. Clinic <hello@example.org>',
    ),
  },
  {
    id: 'smsAccountSid',
    ask: 'SMS by Twilio: account SID (empty: no SMS is sent)',
    now: (env) => env['TWILIO_ACCOUNT_SID'],
    byDefault: none,
    check: orNone(pattern(/^AC\w+$/, 'starts with AC')),
  },
  {
    id: 'smsAuthToken',
    ask: 'SMS: auth token',
    secret: true,
    when: sendsSms,
    now: (env) => env['TWILIO_AUTH_TOKEN'],
    check: words(8, 200),
  },
  {
    id: 'smsFrom',
    ask: 'SMS: sender (a number, a sender name, or MG…)',
    when: sendsSms,
    now: (env) => env['TWILIO_FROM'],
    check: pattern(/^(\+\d{6,15}|MG\w+|[A-Za-z0-9]{3,11})$/, 'a number, a sender name, or MG…'),
  },
  {
    id: 'backupTarget',
    ask: 'Backups: a folder on another disk, or s3://bucket/prefix (empty: none, at your own risk)',
    now: (env) => env['NADI_BACKUPS'] ?? env['NADI_BACKUP_TARGET'],
    byDefault: none,
    check: orNone(
      pattern(/^(\/.+|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?)$/, 'a whole path, or s3://bucket/prefix'),
    ),
  },
  {
    id: 'backupAt',
    ask: 'Backups: at what time of the day',
    when: ({ backupTarget }) => (backupTarget ?? '') !== '',
    now: (env) => env['NADI_BACKUP_AT'],
    byDefault: () => '02:30',
    check: pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'like 02:30'),
  },
  {
    id: 'backupKeyId',
    ask: 'S3: access key id',
    when: toS3,
    now: (env) => env['NADI_BACKUP_S3_KEY_ID'],
    check: words(1, 200),
  },
  {
    id: 'backupSecret',
    ask: 'S3: secret access key',
    secret: true,
    when: toS3,
    now: (env) => env['NADI_BACKUP_S3_SECRET'],
    check: words(1, 400),
  },
  {
    id: 'backupRegion',
    ask: 'S3: region',
    when: toS3,
    now: (env) => env['NADI_BACKUP_S3_REGION'],
    byDefault: () => 'ap-south-1',
    check: words(1, 60),
  },
  {
    id: 'backupEndpoint',
    ask: 'S3: address of the service (empty: Amazon’s)',
    when: toS3,
    now: (env) => env['NADI_BACKUP_S3_ENDPOINT'],
    byDefault: none,
    check: orNone(pattern(/^https?:\/\/\S+$/, 'an http:// or https:// address')),
  },
];

function decoded(text: string | undefined): string | undefined {
  return text === undefined ? undefined : decodeURIComponent(text);
}
