import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { SetupError } from '../support/SetupError.ts';

/** The master keys of an installation, newest first, base64. */
export interface HeldKeys {
  readonly current: string | null;
  readonly old: readonly string[];
}

const loose = z.record(z.string(), z.string());
const name = 'NADI_KEY';
const oldName = 'NADI_OLD_KEYS';

/**
 * The file that holds the master keys: a clinic's settings (`NAME=value` lines) or a demo's secrets (JSON). Changing it keeps everything
 * else in it as it stands, and is all or nothing.
 */
export class KeyFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<HeldKeys> {
    const found = this.#isJson() ? loose.parse(JSON.parse(await this.#text())) : parseEnv(await this.#text());
    const old = (found[oldName] ?? '').split(',').filter((key) => key !== '');
    return { current: found[name] ?? null, old };
  }

  /** @throws SetupError when the environment says otherwise: what wins there must be changed there. */
  async refuseOverridden(env: NodeJS.ProcessEnv): Promise<void> {
    const { current } = await this.read();
    if (env[name] !== undefined && env[name] !== current) {
      throw new SetupError(
        `${name} is set in the environment and would win over ${this.path}.`,
        `Take ${name} and ${oldName} out of the environment and into the settings file, then run this again.`,
      );
    }
  }

  async write({ current, old }: HeldKeys): Promise<void> {
    const text = await this.#text();
    const values = { [name]: current ?? '', [oldName]: old.join(',') };
    const next = this.#isJson()
      ? `${JSON.stringify({ ...loose.parse(JSON.parse(text)), ...values }, null, 2)}\n`
      : withLines(text, values);
    const draft = `${this.path}.${randomBytes(4).toString('hex')}`;
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(next);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, this.path);
  }

  async #text(): Promise<string> {
    return await readFile(this.path, 'utf8');
  }

  #isJson(): boolean {
    return this.path.endsWith('.json');
  }
}

/** Lines of these names get these values; what is not there yet comes at the end. */
function withLines(text: string, values: Readonly<Record<string, string>>): string {
  const left = new Map(Object.entries(values));
  const lines = text.split('\n').flatMap((line) => {
    const found = /^\s*(?:export\s+)?([A-Z_]+)\s*=/.exec(line)?.[1];
    if (found === undefined || !Object.hasOwn(values, found)) return [line];
    const value = left.get(found);
    left.delete(found);
    // A second line of the name would win over the first.
    return value === undefined ? [] : [`${found}=${value}`];
  });
  while (lines.at(-1) === '') lines.pop();
  return `${[...lines, ...[...left].map(([key, value]) => `${key}=${value}`)].join('\n')}\n`;
}
