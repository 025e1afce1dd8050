import { isLoopback } from '../../../sfu/config.ts';
import { fail, ok, together, warn, type Check, type Outcome } from '../check.ts';
import { hubConfig } from '../context.ts';
import { nodesOf } from '../support/nodes.ts';

/** Browsers give camera and microphone to secure contexts only (W3C Secure Contexts, 3.1: https, or loopback). */
export const cameras: Check = {
  id: 'cameras',
  title: 'Cameras',
  run: async (context) => {
    const { publicUrl, mode } = hubConfig(context);
    if (publicUrl === null) {
      if (mode === 'demo') return ok('work on this machine only: http://localhost');
      return fail('NADI_PUBLIC_URL is not set', 'Set it to the https address that people open.');
    }
    const looked = [page(publicUrl)];
    if (publicUrl.startsWith('https:')) {
      for (const { control, info } of await nodesOf(context)) {
        const at = info?.publicUrl;
        if (at !== undefined && !at.startsWith('https:')) {
          const remedy = 'Set SFU_PUBLIC_URL to an https address: from an https page browsers connect to nothing else.';
          looked.push(fail(`the media node ${control} says it is at ${at}`, remedy));
        }
      }
    }
    return together(looked);
  },
};

function page(publicUrl: string): Outcome {
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'https:') return ok('work: the public address is https');
  if (isLoopback(hostname)) return warn(`work on this machine only: ${publicUrl}`, 'For others: https.');
  const reason = `browsers give no camera and no microphone to ${publicUrl}, because it is not https`;
  return fail(reason, 'Put TLS in front (npm run setup) and set NADI_PUBLIC_URL to the https address.');
}
