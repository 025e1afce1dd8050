import { randomUUID } from 'node:crypto';
import { turnServer, type TurnConfig } from '../../../sfu/turn.ts';
import { isLoopback } from '../../../sfu/config.ts';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import { hubConfig, type Context } from '../context.ts';
import type { StunServer } from '../stun/StunLink.ts';
import { allocate } from '../stun/turn.ts';
import { isPrivate } from '../support/addresses.ts';

/** Opens a relay on each TURN server with credentials made as the media node makes them, and closes it. */
export const turn: Check = {
  id: 'turn',
  title: 'TURN',
  run: async (context) => {
    const { sfu, mode } = context;
    if (sfu === null) return skipped('no media node on this machine');
    if (sfu.turn === undefined) {
      if (mode === 'demo' || hubIsLocal(context)) return skipped('none: this machine only');
      const remedy = 'Set SFU_TURN_URLS and SFU_TURN_SECRET (npm run setup): about one phone in ten needs it.';
      return warn('none: people behind strict firewalls cannot be called', remedy);
    }
    const { urls } = sfu.turn;
    const looked = await Promise.all(urls.map((url) => look(url, sfu.turn ?? { urls, secret: '' }, context)));
    if (urls.some((url) => url.startsWith('turns:') || url.includes('transport=tcp'))) return together(looked);
    const remedy = 'Add the same server with ?transport=tcp, or turns: on port 443.';
    return together([...looked, warn('UDP only: networks that let out web pages alone stay shut', remedy)]);
  },
};

function hubIsLocal(context: Context): boolean {
  const { publicUrl } = hubConfig(context);
  return publicUrl === null || isLoopback(new URL(publicUrl).hostname);
}

async function look(url: string, config: TurnConfig, { options, now, hub }: Context): Promise<Outcome> {
  const server = { ...parseTurnUrl(url), ca: options.ca };
  // Each name is used once: nobody can tell this look from a seat.
  const { username = '', credential = '' } = turnServer(config, `doctor-${randomUUID()}`, now());
  try {
    const given = await allocate(server, { username, password: credential }, options.answerMs);
    if (given.kind === 'refused') return refused(url, given.code, given.reason);
    const site = hub?.publicUrl ? new URL(hub.publicUrl).hostname : 'localhost';
    if (isPrivate(given.ip) && !isLoopback(site) && !isPrivate(site)) {
      const remedy = 'Set external-ip in turnserver.conf to its public address.';
      return warn(`${url} relays at ${given.ip}, which is inside of a house`, remedy);
    }
    return ok(`${url} relays`);
  } catch (error) {
    return fail(
      `${url} does not relay: ${messageOf(error)}`,
      `Is it running, and is port ${server.port}/${server.transport === 'udp' ? 'udp' : 'tcp'} open to it?`,
    );
  }
}

function refused(url: string, code: number, reason: string): Outcome {
  if (code === 401) {
    const remedy = 'Give both the same secret (SFU_TURN_SECRET, static-auth-secret), and look at both clocks.';
    return fail(`${url} refuses our credentials (401 ${reason})`, remedy);
  }
  if (code === 486 || code === 508) {
    return fail(`${url} has no room for another relay (${code} ${reason})`, 'Raise total-quota, or open more ports.');
  }
  return fail(
    `${url} refuses to relay (${code} ${reason})`,
    'See its log and its denied-peer-ip, no-udp and the like.',
  );
}

/** An address of RFC 7065. */
export function parseTurnUrl(url: string): StunServer {
  const found = /^(turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(url);
  if (!found) throw new Error(`${url} is no TURN address`);
  const [, scheme, host = '', port, transport = 'udp'] = found;
  const secure = scheme === 'turns';
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? (secure ? 5349 : 3478) : Number(port),
    transport: secure ? 'tls' : transport === 'tcp' ? 'tcp' : 'udp',
  };
}
