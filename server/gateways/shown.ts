import type { Repos } from '../store/Repos.ts';
import type { Mailer, Outcome, SmsGateway } from './types.ts';

interface Deps {
  readonly repos: Repos;
  readonly now: () => number;
}

const keepMs = 24 * 3600_000;

/** The offline mailer: what would have been sent stands on the outbox page for a day. A repeat is the same message, once. */
export function shownMailer(deps: Deps): Mailer {
  return {
    send: ({ id, to, subject, text, html }) => show(deps, { id, channel: 'email', to, subject, text, html }),
    close: () => Promise.resolve(),
  };
}

export function shownSms(deps: Deps): SmsGateway {
  return { send: ({ id, to, text }) => show(deps, { id, channel: 'sms', to, subject: '', text, html: null }) };
}

async function show(
  { repos, now }: Deps,
  message: { id: string; channel: 'email' | 'sms'; to: string; subject: string; text: string; html: string | null },
): Promise<Outcome> {
  const { id, ...rest } = message;
  const at = now();
  await repos.shownMessages.insert({ _id: id, ...rest, at, forgetAt: new Date(at + keepMs) });
  return { kind: 'sent', providerId: `shown-${id}` };
}
