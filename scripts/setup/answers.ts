/** Everything `npm run setup` asks, in its order. */
export const answerIds = [
  'install',
  'clinicName',
  'clinicAddress',
  'zone',
  'adminName',
  'adminEmail',
  'adminPassword',
  'domain',
  'tls',
  'acmeMail',
  'tlsCert',
  'tlsKey',
  'tlsPort',
  'sfuTlsPort',
  'port',
  'sfuPort',
  'dataDir',
  'database',
  'mongodbUri',
  'redisUrl',
  'announcedAddress',
  'rtcPort',
  'workers',
  'turn',
  'turnUrls',
  'turnSecret',
  'smtpHost',
  'smtpPort',
  'smtpUser',
  'smtpPassword',
  'mailFrom',
  'smsAccountSid',
  'smsAuthToken',
  'smsFrom',
  'backupTarget',
  'backupAt',
  'backupKeyId',
  'backupSecret',
  'backupRegion',
  'backupEndpoint',
] as const;
export type AnswerId = (typeof answerIds)[number];

/** What was answered; '' stands for "none". */
export type Answers = Readonly<Partial<Record<AnswerId, string>>>;

/** Settings as a file or the environment holds them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** One question. */
export interface Question {
  readonly id: AnswerId;
  /** For whom there is a person at the terminal. */
  readonly ask: string;
  /** Not shown while it is typed, nor ever after. */
  readonly secret?: true;
  readonly choices?: (answers: Answers) => readonly string[];
  /** Whether it matters, by what was answered before. Default: always. */
  readonly when?: (answers: Answers) => boolean;
  /** What stands in the settings already. */
  readonly now?: (env: Env) => string | undefined;
  readonly byDefault?: (answers: Answers) => string | undefined;
  /** The problem with an answer, or undefined. */
  readonly check: (answer: string, answers: Answers) => string | undefined;
}

/** `smtpHost` → `smtp-host`. */
export function flagOf(id: AnswerId): string {
  return id.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
