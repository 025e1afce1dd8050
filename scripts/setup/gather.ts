import { SetupError } from '../support/SetupError.ts';
import { flagOf, type AnswerId, type Answers, type Env, type Question } from './answers.ts';
import type { Terminal } from './Terminal.ts';

/** The problem with an answer, or undefined. */
export function problemOf(question: Question, answer: string, answers: Answers): string | undefined {
  const choices = question.choices?.(answers);
  if (choices !== undefined && !choices.includes(answer)) return `one of: ${choices.join(', ')}`;
  return question.check(answer, answers);
}

/** What an answer is when nobody gives one: what is set already, else the default. */
function standing(question: Question, answers: Answers, env: Env): string | undefined {
  const now = question.now?.(env);
  // What was set for another choice is of no use here.
  if (now !== undefined && problemOf(question, now, answers) === undefined) return now;
  return question.byDefault?.(answers);
}

/**
 * All answers without asking anybody.
 * @throws SetupError naming every answer that is missing or wrong, by its flag
 */
export function gatherGiven(questions: readonly Question[], given: Answers, env: Env): Answers {
  const answers: Partial<Record<AnswerId, string>> = {};
  const problems: string[] = [];
  for (const question of questions) {
    if (question.when?.(answers) === false) continue;
    const answer = given[question.id] ?? standing(question, answers, env);
    const problem = answer === undefined ? 'needed' : problemOf(question, answer, answers);
    if (problem !== undefined) problems.push(`  --${flagOf(question.id)}: ${problem}`);
    if (answer !== undefined) answers[question.id] = answer;
  }
  if (problems.length === 0) return answers;
  throw new SetupError(
    `The answers are not complete:\n${problems.join('\n')}`,
    'Give them as flags or in a file (--answers file.json), or leave --yes away to be asked. npm run setup -- --help',
  );
}

/** Asks for everything that was not given; a bad answer is told and asked for again. */
export async function gatherAsked(
  questions: readonly Question[],
  given: Answers,
  env: Env,
  terminal: Terminal,
): Promise<Answers> {
  const answers: Partial<Record<AnswerId, string>> = {};
  for (const question of questions) {
    if (question.when?.(answers) === false) continue;
    answers[question.id] = await one(question, answers, given[question.id], env, terminal);
  }
  return answers;
}

async function one(
  question: Question,
  answers: Answers,
  given: string | undefined,
  env: Env,
  terminal: Terminal,
): Promise<string> {
  const byDefault = standing(question, answers, env);
  const shown = question.secret
    ? byDefault
      ? ' [as it is]'
      : ''
    : byDefault === undefined
      ? ''
      : ` [${byDefault || 'none'}]`;
  let answer = given;
  for (;;) {
    answer ??= (await terminal.ask(`${question.ask}${shown}: `, question.secret)) || byDefault || '';
    // A dash stands for "none" where something is set already.
    if (answer === '-') answer = '';
    const problem = problemOf(question, answer, answers);
    if (problem === undefined) return answer;
    terminal.say(`  ✗ ${problem}`);
    answer = undefined;
  }
}
