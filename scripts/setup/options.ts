import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { messageOf, SetupError } from '../support/SetupError.ts';
import { answerIds, flagOf, type AnswerId, type Answers, type Question } from './answers.ts';

/** What `npm run setup` was started with. */
export interface Options {
  readonly given: Answers;
  /** Asks nothing: everything is given, set already, or a default. */
  readonly yes: boolean;
  /** `settings`: the file only; `people`: clinic and first admin only, with the settings of the environment. */
  readonly only: 'settings' | 'people' | null;
  /** Where to send a test mail. */
  readonly testMail: string | null;
  readonly help: boolean;
}

const file = z.partialRecord(z.enum(answerIds), z.union([z.string(), z.int()]).transform(String));

/**
 * Reads the flags, and the answers of a file under them.
 * @throws SetupError for an unknown flag or a file that is none
 */
export async function readOptions(args: readonly string[]): Promise<Options> {
  const text = { type: 'string' } as const;
  const yesNo = { type: 'boolean', default: false } as const;
  const flags = Object.fromEntries(answerIds.map((id) => [flagOf(id), text]));
  const own = { yes: yesNo, help: yesNo, answers: text, only: text, 'test-mail': text } as const;
  const parse = () => parseArgs({ args: [...args], options: { ...flags, ...own } });
  let values: ReturnType<typeof parse>['values'];
  try {
    values = parse().values;
  } catch (error) {
    throw new SetupError(messageOf(error), 'npm run setup -- --help lists what there is.');
  }
  const { only, answers } = values;
  if (only !== undefined && only !== 'settings' && only !== 'people') {
    throw new SetupError(`--only ${only} is not known.`, 'Use: settings, people.');
  }
  const given: Partial<Record<AnswerId, string>> = answers === undefined ? {} : await answersOf(answers);
  const flag = new Map<string, unknown>(Object.entries(values));
  for (const id of answerIds) {
    const value = flag.get(flagOf(id));
    if (typeof value === 'string') given[id] = value;
  }
  return { given, yes: values.yes, only: only ?? null, testMail: values['test-mail'] ?? null, help: values.help };
}

async function answersOf(name: string): Promise<Partial<Record<AnswerId, string>>> {
  try {
    return file.parse(JSON.parse(await readFile(name, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new SetupError(
      `The answers in ${name} are of no use: ${why}`,
      'It is JSON: {"clinicName": "…", "domain": "…"}.',
    );
  }
}

/** What `--help` says. */
export function helpText(questions: readonly Question[]): string {
  return [
    'npm run setup                              asks, writes nadi.env, makes the clinic and its first admin',
    'npm run setup -- --yes --domain … …        asks nothing',
    'npm run setup -- --yes --answers file.json secrets are better in a file than in flags, which others may see',
    '',
    ...questions.map(({ id, ask }) => `  --${flagOf(id).padEnd(20)} ${ask}`),
    `  --${'test-mail'.padEnd(20)} Send a test mail to this address`,
    `  --${'only'.padEnd(20)} settings | people`,
    '',
    'NADI_CONFIG=file names another settings file. Run again to change settings: keys and secrets stay.',
  ].join('\n');
}
