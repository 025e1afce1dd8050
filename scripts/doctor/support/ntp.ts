import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';

/** Seconds between 1900, where NTP counts from, and 1970. */
const epoch = 2_208_988_800;

export interface Ahead {
  readonly ms: number;
  /** The truth is at most this far from it, ms: half of the way there and back. */
  readonly within: number;
}

/**
 * How far this machine's clock is ahead of a time server's (SNTP, RFC 4330).
 * @throws when it does not answer in time, or does not know the time itself.
 */
export async function aheadOf(server: string, now: () => number, timeoutMs: number): Promise<Ahead> {
  const { host, port } = parse(server);
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Ahead>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${server} did not answer`)), timeoutMs);
      socket.on('error', reject);
      let sent = 0;
      socket.on('message', (reply) => {
        const received = now();
        if (reply.length < 48 || ((reply[0] ?? 0) & 7) !== 4) return;
        // Leap indicator 3, stratum 0: not set itself, or "go away".
        if ((reply[0] ?? 0) >> 6 === 3 || reply[1] === 0) return reject(new Error(`${server} does not know the time`));
        const [theirs, answered] = [timeAt(reply, 32), timeAt(reply, 40)];
        resolve({
          ms: (sent - theirs + (received - answered)) / 2,
          within: Math.max(0, received - sent - (answered - theirs)) / 2,
        });
      });
      const request = Buffer.alloc(48);
      // Version 4, client.
      request[0] = 0x23;
      sent = now();
      socket.send(request, port, address);
    });
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function timeAt(packet: Buffer, offset: number): number {
  return (packet.readUInt32BE(offset) - epoch + packet.readUInt32BE(offset + 4) / 2 ** 32) * 1000;
}

function parse(server: string): { host: string; port: number } {
  const { hostname, port } = new URL(`ntp://${server}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 123 : Number(port) };
}
