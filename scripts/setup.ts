import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { SmtpMailer } from '../server/gateways/SmtpMailer.ts';
import type { AnswerId, Answers, Env } from './setup/answers.ts';
import { envText } from './setup/envFile.ts';
import { gatherAsked, gatherGiven } from './setup/gather.ts';
import { nextSteps } from './setup/nextSteps.ts';
import { helpText, readOptions, type Options } from './setup/options.ts';
import { makePeople } from './setup/people.ts';
import { questions } from './setup/questions.ts';
import { keepCopy, readSettingsFile, writeSecretFile } from './setup/settingsFile.ts';
import { fileSections, serviceSecrets } from './setup/settingsOf.ts';
import { Terminal } from './setup/Terminal.ts';
import { turnserverConf } from './setup/turnserver.ts';
import { checkProduction } from './support/checkSettings.ts';
import { createSteps, printFailure } from './support/log.ts';
import { ROOT } from './support/paths.ts';
import { generateSecrets } from './support/secrets.ts';
import { SETTINGS_FILE } from './support/settings.ts';

const HEAD = [
  'Settings of a clinic, written by npm run setup; it keeps what you add.',
  'For its owner only (mode 600). A variable of the environment wins over this file.',
].join('\n');

/** Who the clinic begins with; asked once. */
const PEOPLE: readonly AnswerId[] = ['clinicName', 'clinicAddress', 'zone', 'adminName', 'adminEmail', 'adminPassword'];

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const steps = createSteps();

async function main(): Promise<void> {
  const options = await readOptions(process.argv.slice(2));
  if (options.help) return print(helpText(questions));
  const terminal = options.yes ? null : new Terminal(process.stdin, process.stdout);
  try {
    if (options.only === 'people') await people(process.env, await gather(options, true, {}, terminal));
    else await settings(options, terminal);
  } finally {
    terminal?.close();
  }
}

/** @param asksPeople whether the clinic has nobody yet */
async function gather(options: Options, asksPeople: boolean, env: Env, terminal: Terminal | null): Promise<Answers> {
  const asked = questions.filter(({ id }) => {
    if (options.only !== null) return PEOPLE.includes(id) === (options.only === 'people');
    return asksPeople || !PEOPLE.includes(id);
  });
  return terminal === null ? gatherGiven(asked, options.given, env) : gatherAsked(asked, options.given, env, terminal);
}

async function settings(options: Options, terminal: Terminal | null): Promise<void> {
  const file = path.resolve(process.env['NADI_CONFIG'] ?? path.join(ROOT, SETTINGS_FILE));
  const before = await readSettingsFile(file);
  const begun = before?.['NADI_SETUP'] !== 'complete';
  const answers = await gather(options, begun, before ?? {}, terminal);
  const containers = answers.install === 'containers';
  const fresh = { ...generateSecrets(), ...serviceSecrets() };
  const write = async (complete: boolean): Promise<Env> => {
    const sections = fileSections(answers, before ?? {}, fresh);
    if (complete) sections.push({ title: 'The clinic has its first admin', values: { NADI_SETUP: 'complete' } });
    const env: Env = Object.fromEntries(sections.flatMap(({ values }) => Object.entries(values)));
    checkProduction(env, containers);
    await writeSecretFile(file, envText(HEAD, sections));
    return env;
  };
  if (before !== null) print(`  ${await keepCopy(file)} keeps the settings of before.`);
  const env = await write(!begun);
  print(`✓ ${file}${before === null ? '' : ' (keys and secrets are the same as before)'}`);
  const turnFile = await writeTurnserver(file, answers, env);
  await testMail(options, env, terminal);
  if (begun && !containers && options.only === null) {
    await people(env, answers);
    await write(true);
  }
  nextSteps({ file, answers, turnFile, fresh: before === null }).forEach(print);
}

async function people(env: Env, answers: Answers): Promise<void> {
  const { made, password } = await steps.run('people', (log) => makePeople(env, answers, log));
  print(made ? `✓ The first admin is ${answers.adminEmail}.` : '· There is an admin already: nothing changed.');
  if (password === null) return;
  print(`\n  The password, shown this once:  ${password}\n  Change it under “My account” after signing in.\n`);
}

/** Beside the settings, for a coturn on this machine; in containers compose.yaml does it. */
async function writeTurnserver(file: string, answers: Answers, env: Env): Promise<string | null> {
  if (answers.turn !== 'bundled' || answers.install === 'containers') return null;
  const target = path.join(path.dirname(file), 'turnserver.conf');
  const secret = env['SFU_TURN_SECRET'] ?? '';
  const peers = [answers.announcedAddress ?? ''];
  await writeSecretFile(target, await turnserverConf({ realm: answers.domain ?? '', secret, port: 3478, peers }));
  print(`✓ ${target}`);
  return target;
}

async function testMail(options: Options, env: Env, terminal: Terminal | null): Promise<void> {
  const url = env['SMTP_URL'];
  if (url === undefined) return;
  const to = options.testMail ?? (await terminal?.ask('Send a test mail to (empty: no): ')) ?? '';
  if (to === '') return;
  const mailer = new SmtpMailer(url, env['MAIL_FROM'] ?? '', 10_000);
  const text = 'This is the test mail of Nadi’s set-up. Mail works.';
  const outcome = await mailer.send({
    id: randomUUID(),
    to,
    subject: 'Nadi: mail works',
    text,
    html: `<p>${text}</p>`,
  });
  await mailer.close();
  if (outcome.kind === 'sent') print(`✓ The mail server took the test mail to ${to}.`);
  else print(`✗ The test mail was not taken (${outcome.reason}). Correct it by running setup again.`);
}

try {
  await main();
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}
