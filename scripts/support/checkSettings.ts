import { ConfigError, readConfig } from '../../server/config.ts';
import { parseSfuConfig, SfuConfigError } from '../../sfu/config.ts';
import { SetupError } from './SetupError.ts';

/** Says that the clinic wants the database that comes along; without it production needs MONGODB_URI. */
export const EMBEDDED = 'NADI_EMBEDDED_DATABASE';

/** A database's address is known only once it runs. */
const notYet = 'mongodb://127.0.0.1/';

/**
 * Whether hub and media node would start in production with these settings.
 * @param elsewhere the database's address comes from elsewhere (containers)
 * @throws SetupError with every problem of both, and no value
 */
export function checkProduction(env: NodeJS.ProcessEnv, elsewhere = false): void {
  const problems = new Set<string>();
  const embedded = elsewhere || env[EMBEDDED] === '1';
  if (!env['MONGODB_URI'] && !embedded) {
    problems.add(`MONGODB_URI: needed: where the database is (or ${EMBEDDED}=1 for the one that comes along)`);
  }
  const collect = (read: () => unknown): void => {
    try {
      read();
    } catch (error) {
      if (error instanceof ConfigError)
        for (const line of error.message.split('\n').slice(1)) problems.add(line.trim());
      else if (error instanceof SfuConfigError) error.problems.forEach((problem) => problems.add(problem));
      else throw error;
    }
  };
  collect(() => readConfig({ ...env, MONGODB_URI: env['MONGODB_URI'] || notYet }));
  collect(() => parseSfuConfig(env));
  if (problems.size === 0) return;
  throw new SetupError(
    `The settings are not complete:\n${[...problems].map((problem) => `  ${problem}`).join('\n')}`,
    'npm run setup writes them; it keeps what is there.',
  );
}
