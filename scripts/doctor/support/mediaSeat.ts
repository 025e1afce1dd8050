import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { parseSfuOutput, sfuError, sfuPath, sfuReply, type SfuOutput } from '../../../shared/contract/sfu.ts';
import { readGrantKey, signGrant } from '../../../server/consult/grant.ts';
import { hubConfig, type Context } from '../context.ts';
import { nodesOf } from './nodes.ts';

/** A seat in an empty room of a media node, taken as a browser takes it, or why it could not be. */
export interface MediaSeat {
  readonly control: string;
  readonly joined: SfuOutput<'join'> | null;
  readonly problem: string | null;
  leave(): void;
}

/** Opens a room of our own on every node that answers the hub. The caller leaves it; an empty room ends by itself. */
export async function mediaSeats(context: Context): Promise<MediaSeat[]> {
  const { publicUrl, grantPrivateKey } = hubConfig(context);
  const key = readGrantKey(grantPrivateKey);
  const origin = publicUrl === null ? undefined : new URL(publicUrl).origin;
  const nodes = await nodesOf(context);
  return await Promise.all(
    nodes.flatMap(({ control, info }) => {
      if (info === null) return [];
      const room = `doctor-${randomUUID()}`;
      const seat = { aud: info.bootId, room, epoch: 0, peer: 'doctor', role: 'guest', jti: randomUUID() } as const;
      const may = { publish: false, subscribe: true, record: false };
      return [
        signGrant(key, { ...seat, may }, context.now()).then((grant) =>
          take({ control, url: info.publicUrl, grant, origin, ...context.options }),
        ),
      ];
    }),
  );
}

interface Wanted {
  readonly control: string;
  readonly url: string;
  readonly grant: string;
  readonly origin: string | undefined;
  readonly ca?: string | undefined;
  readonly answerMs: number;
}

async function take({ control, url, grant, origin, ca, answerMs }: Wanted): Promise<MediaSeat> {
  const socket = io(url, {
    ...{ path: sfuPath, transports: ['websocket'], reconnection: false, forceNew: true, timeout: answerMs },
    ...{ auth: { grant }, ...(origin === undefined ? {} : { extraHeaders: { origin } }) },
    // The certificate is judged by its own check.
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: false,
  });
  const leave = (): void => void socket.close();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('connect_error', reject);
    });
    const reply = sfuReply.parse(await socket.timeout(answerMs).emitWithAck('join', {}));
    if (!reply.ok) throw new Error(reply.error.code);
    return { control, joined: parseSfuOutput('join', reply.data), problem: null, leave };
  } catch (error) {
    leave();
    const data = sfuError.safeParse(error instanceof Error && 'data' in error ? error.data : null);
    const problem = data.success ? data.data.code : error instanceof Error ? error.message : 'no answer';
    return { control, joined: null, problem: `${url} lets nobody in (${problem})`, leave };
  }
}
