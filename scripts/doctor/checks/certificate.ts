import { judgeCertificate, seeCertificate, tlsTarget } from '../../../server/health/certificate.ts';
import { messageOf } from '../../support/SetupError.ts';
import { fail, judged, skipped, together, type Check, type Outcome } from '../check.ts';
import { hubConfig, type Context } from '../context.ts';

export const certificate: Check = {
  id: 'certificate',
  title: 'Certificate',
  run: async (context) => {
    const urls = [hubConfig(context).publicUrl, context.sfu?.publicUrl ?? null];
    const shown = urls.flatMap((url) => (url === null ? [] : (tlsTarget(url) ?? [])));
    const apart = shown.filter(
      (one, i) => shown.findIndex((two) => two.host === one.host && two.port === one.port) === i,
    );
    if (apart.length === 0) return skipped('no public https address');
    return together(await Promise.all(apart.map((target) => look(target, context))));
  },
};

async function look(target: { host: string; port: number }, { options, now }: Context): Promise<Outcome> {
  try {
    const seen = await seeCertificate({ ...target, ca: options.ca, timeoutMs: options.answerMs });
    return judged(judgeCertificate(seen, target.host, now()));
  } catch (error) {
    return fail(
      `${target.host}:${target.port} does not answer with TLS: ${messageOf(error)}`,
      'Is the proxy running, does the name lead to it, and is the port open?',
    );
  }
}
