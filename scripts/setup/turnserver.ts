import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../support/paths.ts';

/** What one coturn is told beside what is the same everywhere. */
export interface TurnserverSettings {
  /** The clinic's domain. */
  readonly realm: string;
  /** SFU_TURN_SECRET of the media nodes. */
  readonly secret: string;
  readonly port: number;
  /** Addresses the media nodes announce; relays lead nowhere else. */
  readonly peers: readonly string[];
  /** Addresses to listen on; default: all of the machine. */
  readonly listen?: string;
}

/** Where the part lies that is the same everywhere. */
export const turnserverBase = path.join(ROOT, 'deploy/turnserver.conf');

/** The lines that one coturn has of its own. */
export function turnserverLines({ realm, secret, port, peers, listen }: TurnserverSettings): string[] {
  return [
    `realm=${realm}`,
    `static-auth-secret=${secret}`,
    `listening-port=${port}`,
    ...(listen === undefined ? [] : [`listening-ip=${listen}`, `relay-ip=${listen}`]),
    ...peers.map((peer) => `allowed-peer-ip=${peer}`),
    // Without this coturn opens no relay to its own machine, whatever is allowed.
    ...(peers.some((peer) => peer.startsWith('127.')) ? ['allow-loopback-peers'] : []),
  ];
}

/** A whole turnserver.conf. */
export async function turnserverConf(settings: TurnserverSettings): Promise<string> {
  const base = await readFile(turnserverBase, 'utf8');
  return `${base}\n${turnserverLines(settings).join('\n')}\n`;
}
