import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { GrantClaims } from '../../shared/contract/sfu.ts';
import { run } from '../../scripts/support/run.ts';
import { turnServer } from '../../sfu/turn.ts';
import { startCoturn, type Coturn } from '../support/coturn.ts';
import { until } from '../support/until.ts';
import { person, serveCallPage, type CallPage, type Person } from './support/callBrowser.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';

const slow = { timeoutMs: 60_000, everyMs: 200 };

declare global {
  interface Window {
    connections: RTCPeerConnection[];
  }
}

/** A real coturn with a clinic's settings, a real node that makes its credentials, and browsers that may use nothing else. */
describe('a call through TURN', { timeout: 120_000 }, () => {
  const started: AsyncDisposable[] = [];
  let coturn: Coturn;
  let node: MediaNode;
  let somebody: Person;

  beforeAll(async () => {
    started.push((coturn = await startCoturn()));
    const urls = ['udp', 'tcp'].map((transport) => `turn:127.0.0.1:${coturn.port}?transport=${transport}`);
    started.push((node = await startMediaNode({}, { turn: { urls, secret: coturn.secret } })));
    const site = await serveCallPage();
    started.push(site);
    started.push((somebody = await person(site.url, 440, { u: 100, v: 190 })));
  });
  afterAll(async () => {
    for (const part of started.reverse()) await part[Symbol.asyncDispose]();
  });

  async function join(room: string, transport: string, who: Partial<GrantClaims>): Promise<CallPage> {
    const at = await somebody.open({
      prepare: async (page) => void (await page.addInitScript(onlyThroughTurn, transport)),
    });
    const grant = await node.grant({ room, ...who });
    await at.page.evaluate(([url, token]) => window.call.join(url, token), [node.url, grant] as const);
    return at;
  }

  it('[D8] carries the picture both ways when relays over UDP and over TCP are the only way', async () => {
    const room = randomUUID();
    const [doctor, patient] = await Promise.all([
      join(room, 'udp', { peer: 'doctor-1', role: 'doctor' }),
      join(room, 'tcp', { peer: 'patient-1', role: 'patient' }),
    ]);
    for (const at of [doctor, patient]) {
      await until('a picture arrives', async () => (await framesDecoded(at)) > 10, slow);
    }
    expect(await waysUsed(doctor)).toEqual(['relay udp', 'relay udp']);
    expect(await waysUsed(patient)).toEqual(['relay tcp', 'relay tcp']);
  });

  it('[D8] the relay opens for credentials of the node alone', async () => {
    const { username = '', credential = '' } = turnServer({ urls: [], secret: 'another secret' }, 'a', Date.now());
    expect(await relayTo('127.0.0.1', username, credential)).toContain('Cannot complete Allocation');
    const late = turnServer({ urls: [], secret: coturn.secret }, 'a', Date.now() - 13 * 3_600_000);
    expect(await relayTo('127.0.0.1', late.username ?? '', late.credential ?? '')).toContain(
      'Cannot complete Allocation',
    );
  });

  it('[D8] a relay leads to the media node and nowhere else', async () => {
    const { username = '', credential = '' } = turnServer({ urls: [], secret: coturn.secret }, 'a', Date.now());
    expect(await relayTo('127.0.0.2', username, credential)).toMatch(/403 \(Forbidden IP\)/);
  });

  /** What coturn's own client has to say. */
  async function relayTo(peer: string, username: string, credential: string): Promise<string> {
    const who = ['-u', username, '-w', credential];
    const { stdout, stderr } = await run('timeout', [
      ...['10', 'turnutils_uclient', ...who, '-p', String(coturn.port), '-n', '1', '-m', '1', '-e', peer, '-X'],
      '127.0.0.1',
    ]);
    return stdout + stderr;
  }
});

async function framesDecoded(at: CallPage): Promise<number> {
  const stats = await at.page.evaluate(() => window.call.stats());
  return Object.values(stats?.inbound ?? {}).find((entry) => entry.source === 'camera')?.framesDecoded ?? 0;
}

const report = z.object({
  id: z.string(),
  type: z.string(),
  selectedCandidatePairId: z.string().optional(),
  localCandidateId: z.string().optional(),
  candidateType: z.string().optional(),
  relayProtocol: z.string().optional(),
});

/** The kind of candidate each connection of the page uses, and how it reaches its relay. */
async function waysUsed(at: CallPage): Promise<string[]> {
  const raw = await at.page.evaluate(() =>
    Promise.all(
      window.connections.map(async (connection) => {
        const entries: unknown[] = [];
        (await connection.getStats()).forEach((entry: unknown) => entries.push(entry));
        return entries;
      }),
    ),
  );
  return z
    .array(z.array(report))
    .parse(raw)
    .flatMap((entries) => {
      const byId = new Map(entries.map((entry) => [entry.id, entry]));
      const transport = entries.find((entry) => entry.type === 'transport');
      // The library also makes some that only tell what the browser can do.
      if (transport === undefined) return [];
      const pair = byId.get(transport.selectedCandidatePairId ?? '');
      const local = byId.get(pair?.localCandidateId ?? '');
      return `${local?.candidateType} ${local?.relayProtocol}`;
    });
}

/** Runs in the page: takes every way but that relay from it. */
function onlyThroughTurn(transport: string): void {
  window.connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(given: RTCConfiguration = {}) {
      const iceServers = (given.iceServers ?? []).map((server) => ({
        ...server,
        urls: [server.urls].flat().filter((url) => url.endsWith(`transport=${transport}`)),
      }));
      super({ ...given, iceServers, iceTransportPolicy: 'relay' });
      window.connections.push(this);
    }
  };
}
