import { parseArgs } from 'node:util';
import { checks } from './doctor/checks/index.ts';
import { createContext } from './doctor/context.ts';
import { diagnose } from './doctor/diagnose.ts';
import { exitCode, report, reportJson } from './doctor/report.ts';

const usage = `npm run doctor -- [options]    what is wrong with this installation, running or not

  --json               for other programs
  --only disk,clock    these checks only (--list names them)
  --offline            ask nothing outside of this installation
  --ntp host[:port]    time server to compare with (pool.ntp.org)
  --send-mail address  send one mail there
  --list               name the checks

Ends with 0 when nothing is wrong, 1 with warnings, 2 with faults. Changes nothing.`;

const options = {
  json: { type: 'boolean', default: false },
  only: { type: 'string' },
  offline: { type: 'boolean', default: false },
  ntp: { type: 'string', default: 'pool.ntp.org' },
  'send-mail': { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** ms */
const answerMs = 4_000;

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help) return say(usage);
  if (values.list) return say(checks.map(({ id, title }) => `${id.padEnd(16)} ${title}`).join('\n'));
  const only = values.only?.split(',').map((id) => id.trim());
  const unknown = only?.find((id) => !checks.some((check) => check.id === id));
  if (unknown !== undefined) throw new Error(`there is no check "${unknown}"; --list names them`);
  const context = await createContext(process.env, {
    ...{ offline: values.offline, ntp: values.ntp, sendMail: values['send-mail'] ?? null, answerMs },
  });
  const chosen = checks.filter(({ id }) => only?.includes(id) ?? true);
  const results = await diagnose(chosen, context);
  await context.close();
  say(values.json ? reportJson(results) : report(results));
  return exitCode(results);
}

function say(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

try {
  // What a check left hanging must not keep the terminal.
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`\n${usage}`);
  process.exit(2);
}
