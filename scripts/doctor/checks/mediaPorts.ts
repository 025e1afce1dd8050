import { randomBytes } from 'node:crypto';
import type { SfuOutput } from '../../../shared/contract/sfu.ts';
import { isLoopback } from '../../../sfu/config.ts';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import { hubConfig, type Context } from '../context.ts';
import { attribute, integrityHolds, method } from '../stun/message.ts';
import { StunLink } from '../stun/StunLink.ts';
import { isPrivate } from '../support/addresses.ts';
import { mediaSeats, type MediaSeat } from '../support/mediaSeat.ts';

/** Takes a seat on each media node and asks its media ports as a browser's ICE does (RFC 8445, 7.2.2), from here. */
export const mediaPorts: Check = {
  id: 'media-ports',
  title: 'Media ports',
  run: async (context) => {
    const seats = await mediaSeats(context);
    if (seats.length === 0) return skipped('no media node answers');
    try {
      return together(await Promise.all(seats.map((seat) => look(seat, context))));
    } finally {
      for (const seat of seats) seat.leave();
    }
  },
};

async function look({ joined, problem, control }: MediaSeat, context: Context): Promise<Outcome> {
  if (joined === null) {
    const remedy = 'Check SFU_PUBLIC_URL, SFU_ALLOWED_ORIGINS, and that the proxy passes its sockets (path /sfu).';
    return fail(problem ?? `${control} lets nobody in`, remedy);
  }
  const { iceCandidates } = joined.transports.send;
  const asked = await Promise.all(
    iceCandidates.map((one) => ask(one, joined.transports.send, context.options.answerMs)),
  );
  return together([...asked, ...announced(iceCandidates, context)]);
}

type Transport = SfuOutput<'join'>['transports']['send'];
type Candidate = Transport['iceCandidates'][number];

async function ask(
  { address, port, protocol }: Candidate,
  { iceParameters }: Transport,
  answerMs: number,
): Promise<Outcome> {
  const where = `${address}:${port}/${protocol}`;
  const key = Buffer.from(iceParameters.password);
  try {
    const link = await StunLink.open(
      { host: address, port, transport: protocol === 'tcp' ? 'ice-tcp' : 'udp' },
      answerMs,
    );
    try {
      const attributes = [
        [attribute.username, Buffer.from(`${iceParameters.usernameFragment}:doctor`)],
        [attribute.priority, Buffer.from([0x6e, 0, 1, 0xff])],
        [attribute.iceControlling, randomBytes(8)],
      ] as const;
      const answer = await link.request({ method: method.binding, attributes, key }, answerMs);
      if (answer.kind !== 'success' || !integrityHolds(answer, key)) throw new Error('somebody else answers there');
      return ok(`${where} answers`);
    } finally {
      link.close();
    }
  } catch (error) {
    const remedy = `Open ${port}/${protocol} to the media node in the firewall, and set SFU_ANNOUNCED_ADDRESS to where it is reached.`;
    return fail(`${where} cannot be reached from here: ${messageOf(error)}`, remedy);
  }
}

/** Phones elsewhere must be able to send to the address that they are told. */
function announced(candidates: readonly Candidate[], context: Context): Outcome[] {
  const { publicUrl } = hubConfig(context);
  if (publicUrl === null) return [];
  const { hostname } = new URL(publicUrl);
  if (isLoopback(hostname) || isPrivate(hostname)) return [];
  const inside = [...new Set(candidates.map((one) => one.address).filter((one) => isPrivate(one) || isLoopback(one)))];
  if (inside.length === 0) return [];
  const remedy = 'Set SFU_ANNOUNCED_ADDRESS to the public address of the media node.';
  const finding = `calls are sent to ${inside.join(', ')}, which is inside of a house, while the page is at ${hostname}`;
  return [inside.length < candidates.length ? warn(finding, remedy) : fail(finding, remedy)];
}
