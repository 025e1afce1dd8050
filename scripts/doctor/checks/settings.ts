import { createPrivateKey, createPublicKey } from 'node:crypto';
import { fail, ok, together, warn, type Check, type Outcome } from '../check.ts';
import type { Context } from '../context.ts';

export const settings: Check = {
  id: 'settings',
  title: 'Settings',
  run: async (context) => {
    const { problems, mode, settings: read, fresh } = context;
    if (read.unreadable !== null) {
      return fail(`${String(read.file)} cannot be read: ${read.unreadable}`, 'Make one: npm run setup');
    }
    if (problems.length > 0)
      return fail(problems.join('; '), 'Correct these: npm run setup, or edit the settings file.');
    const from = read.file ?? 'the environment';
    if (mode === 'demo') return ok(`a demo${fresh ? ', never started yet: its secrets are made then' : ''}`);
    return together([ok(`complete, from ${from}`), ...pairs(context)]);
  },
};

/** What belongs together must fit together. */
function pairs({ env, hub }: Context): Outcome[] {
  const found: Outcome[] = [];
  const [secret, shown] = [env['NADI_GRANT_PRIVATE_KEY'], env['NADI_GRANT_PUBLIC_KEY']];
  if (secret && shown && publicOf(secret) !== shown) {
    const remedy = 'The media node will let nobody in. Put the pair that npm run setup made into both places.';
    found.push(fail('NADI_GRANT_PUBLIC_KEY is not the other half of NADI_GRANT_PRIVATE_KEY', remedy));
  }
  if (hub && new Set([hub.secret, hub.sfu.secret, ...hub.masterKeys]).size < 2 + hub.masterKeys.length) {
    found.push(warn('one secret is used for several purposes', 'Let npm run setup make fresh ones.'));
  }
  return found;
}

function publicOf(secret: string): string | null {
  try {
    const key = createPrivateKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'pkcs8' });
    return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
  } catch {
    return null;
  }
}
