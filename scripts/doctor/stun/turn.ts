import { attribute, integrityHolds, longTermKey, method, readError, readXorAddress, type Message } from './message.ts';
import { StunLink, type StunServer } from './StunLink.ts';

export interface TurnCredentials {
  readonly username: string;
  readonly password: string;
}

/** What a TURN server did for us. */
export type Allocation =
  | { readonly kind: 'relayed'; readonly ip: string; readonly port: number }
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string };

const requestedUdp = Buffer.from([17, 0, 0, 0]);
const seconds = (count: number): Buffer => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(count);
  return value;
};

/** Our own address as the server sees it. @throws when it does not answer as a STUN server. */
export async function bind(server: StunServer, timeoutMs: number): Promise<{ ip: string; port: number }> {
  const link = await StunLink.open(server, timeoutMs);
  try {
    const answer = await link.request({ method: method.binding, attributes: [] }, timeoutMs);
    const found = readXorAddress(answer.attributes.get(attribute.xorMappedAddress), answer.transaction);
    if (found === null) throw new Error('it answers, and not as a STUN server does');
    return found;
  } finally {
    link.close();
  }
}

/**
 * Asks for a relayed address as a browser does, and gives it back at once (RFC 8656, 7).
 * @throws when the server does not answer, or cannot prove that it knows the secret.
 */
export async function allocate(server: StunServer, who: TurnCredentials, timeoutMs: number): Promise<Allocation> {
  const link = await StunLink.open(server, timeoutMs);
  try {
    const wanted = [attribute.requestedTransport, requestedUdp] as const;
    const first = await link.request({ method: method.allocate, attributes: [wanted] }, timeoutMs);
    const [realm, nonce] = [first.attributes.get(attribute.realm), first.attributes.get(attribute.nonce)];
    // The first request has no credentials, so that the server tells realm and nonce (401).
    if (first.kind === 'success') throw new Error('it relays for everybody, without asking who they are');
    if (!realm || !nonce) return refused(first);
    const key = longTermKey(who.username, realm.toString('utf8'), who.password);
    const signed = [
      [attribute.username, Buffer.from(who.username)],
      [attribute.realm, realm],
      [attribute.nonce, nonce],
    ] as const;
    const given = await link.request({ method: method.allocate, attributes: [wanted, ...signed], key }, timeoutMs);
    if (given.kind === 'error') return refused(given);
    if (!integrityHolds(given, key)) throw new Error('its answer is not signed with the secret');
    const relayed = readXorAddress(given.attributes.get(attribute.xorRelayedAddress), given.transaction);
    if (relayed === null) throw new Error('it answers without a relayed address');
    const back = [[attribute.lifetime, seconds(0)], ...signed] as const;
    await link.request({ method: method.refresh, attributes: back, key }, timeoutMs).catch(() => undefined);
    return { kind: 'relayed', ...relayed };
  } finally {
    link.close();
  }
}

function refused(answer: Message): Allocation {
  return { kind: 'refused', ...(readError(answer) ?? { code: 0, reason: 'no reason' }) };
}
