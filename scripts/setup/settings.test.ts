import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkProduction } from '../support/checkSettings.ts';
import { generateSecrets } from '../support/secrets.ts';
import type { Answers } from './answers.ts';
import { envLine, envText } from './envFile.ts';
import { gatherGiven } from './gather.ts';
import { questions } from './questions.ts';
import { fileSections, serviceSecrets } from './settingsOf.ts';

/** Some file that is there: the questions look. */
const file = import.meta.filename;

const machine: Answers = {
  install: 'machine',
  clinicName: 'Asha’s Clinic',
  clinicAddress: '',
  zone: 'Asia/Kolkata',
  adminName: 'Asha Rao',
  adminEmail: 'asha@clinic.example',
  adminPassword: '',
  domain: 'clinic.example',
  tls: 'files',
  tlsCert: file,
  tlsKey: file,
  tlsPort: '8443',
  sfuTlsPort: '3443',
  port: '3000',
  sfuPort: '3001',
  dataDir: '/srv/clinic',
  database: 'embedded',
  redisUrl: '',
  announcedAddress: '203.0.113.7',
  rtcPort: '40000',
  workers: '2',
  turn: 'bundled',
  smtpHost: 'mail.example.org',
  smtpPort: '465',
  smtpUser: 'desk@example.org',
  smtpPassword: 'p@ss: word/#%',
  mailFrom: 'Asha’s Clinic <desk@example.org>',
  smsAccountSid: 'AC123',
  smsAuthToken: 'token-of-twilio',
  smsFrom: '+919800000000',
  backupTarget: 's3://clinic-backups/nadi',
  backupAt: '02:30',
  backupKeyId: 'AKIA',
  backupSecret: 'secret/of+the=bucket',
  backupRegion: 'ap-south-1',
  backupEndpoint: 'https://s3.example.org',
};
const containers: Answers = {
  ...Object.fromEntries(
    Object.entries(machine).filter(
      ([id]) => !/^(tlsPort|sfuTlsPort|port|sfuPort|dataDir|redisUrl|backup(KeyId|Secret|Region|Endpoint))$/.test(id),
    ),
  ),
  install: 'containers',
  database: 'bundled',
  backupTarget: '/srv/backups',
};
const acme: Answers = {
  ...Object.fromEntries(Object.entries(machine).filter(([id]) => !/^(tls|sfuTls)/.test(id))),
  tls: 'acme',
  acmeMail: 'asha@clinic.example',
};

const fresh = () => ({ ...generateSecrets(), ...serviceSecrets() });

/** As it comes back from the file. */
function written(answers: Answers, before: Record<string, string | undefined> = {}): NodeJS.Dict<string> {
  return parseEnv(envText('head', fileSections(answers, before, fresh())));
}

describe('settings of a clinic', () => {
  it.each([
    ['on a machine with its own certificate', machine, false],
    ['on a machine behind the proxy', acme, false],
    ['in containers', containers, true],
  ])('[I2] hub and media node start with them %s', (_where, answers, elsewhere) => {
    expect(() => checkProduction(written(answers), elsewhere)).not.toThrow();
  });

  it.each([
    ['machine', machine],
    ['machine behind a proxy', acme],
    ['containers', containers],
  ])('[I2] set up again with nothing new, they stay as they are: %s', (_where, answers) => {
    const before = written(answers);
    const settled = questions.filter(({ id }) => !/^(clinic|admin|zone)/.test(id));
    const again = gatherGiven(settled, {}, before);
    expect(written(again, before)).toEqual(before);
  });

  it('[I2] a change keeps keys, secrets and what was added by hand, and takes away what no longer holds', () => {
    const before = { ...written(machine), NADI_OLD_KEYS: 'old', LOG_LEVEL: 'debug', NADI_SETUP: 'complete' };
    const after = written({ ...acme, turn: 'none', smtpHost: '' }, before);
    for (const name of [
      'NADI_KEY',
      'NADI_SECRET',
      'NADI_GRANT_PRIVATE_KEY',
      'NADI_SFU_SECRET',
      'NADI_OLD_KEYS',
      'LOG_LEVEL',
    ]) {
      expect([name, after[name]]).toEqual([name, before[name as keyof typeof before]]);
    }
    expect(Object.keys(after).filter((name) => /TLS_CERT|TURN|SMTP|MAIL_FROM/.test(name))).toEqual([]);
    expect(after).toMatchObject({ NADI_PROXY_TLS: 'asha@clinic.example', NADI_PUBLIC_URL: 'https://clinic.example' });
  });

  it('[I2] two installations share no secret', () => {
    const [one, other] = [written(machine), written(machine)];
    const secret = Object.keys(generateSecrets());
    expect(secret.filter((name) => one[name] === undefined || one[name] === other[name])).toEqual([]);
  });

  it('[I2] what production needs and has not is listed whole, hub and media node, and no value', () => {
    const env = { NADI_MODE: 'production', NADI_SFU_SECRET: 'short', SMTP_URL: 'imap://secret-place' };
    const problem = (): void => checkProduction(env);
    for (const name of [
      'MONGODB_URI',
      'NADI_KEY',
      'NADI_SECRET',
      'NADI_GRANT_PRIVATE_KEY',
      'NADI_GRANT_PUBLIC_KEY',
      'NADI_SFU_SECRET',
      'SMTP_URL',
    ]) {
      expect(problem).toThrow(`  ${name}`);
    }
    expect(problem).not.toThrow(/secret-place|short/);
  });
});

describe('answers that are given', () => {
  it('[I2] are checked all at once, by their flags', () => {
    const wrong: Answers = {
      ...machine,
      domain: 'https://clinic.example',
      announcedAddress: 'clinic.example',
      tlsCert: '/none',
    };
    const { database: _database, ...rest } = wrong;
    const gather = () => gatherGiven(questions, rest, {});
    for (const part of [
      '--domain: a name',
      '--announced-address: an IP',
      '--tls-cert: there is no',
      '--database: needed',
    ]) {
      expect(gather).toThrow(part);
    }
  });

  it('[I2] an embedded database is nobody’s default', () => {
    expect(() => gatherGiven(questions, { ...machine, database: 'bundled' }, {})).toThrow(
      '--database: one of: uri, embedded',
    );
  });
});

describe('a settings file', () => {
  it('[I2] gives back every value that it takes, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (value) => {
        const line = envLine('NAME', value);
        if (line !== null) expect(parseEnv(line)).toEqual({ NAME: value });
        return true;
      }),
    );
    expect(envLine('NAME', 'a b#c"d$e')).toBe(`NAME='a b#c"d$e'`);
    expect(envLine('NAME', 'both \' and "')).toBeNull();
  });
});
