import { routes } from '../../../shared/contract/routes.ts';
import { sfuHealth } from '../../../shared/contract/sfu.ts';
import { tcpPortFree, udpPortFree } from '../../support/ports.ts';
import { fail, ok, together, type Check, type Outcome } from '../check.ts';
import { hubConfig } from '../context.ts';
import { get } from '../support/http.ts';
import { ownerOf } from '../support/owner.ts';

interface Needed {
  readonly port: number;
  readonly host: string;
  readonly variable: string;
  readonly what: string;
  readonly protocol: 'tcp' | 'udp';
  readonly ours: () => Promise<boolean>;
}

/** Each port is free, or taken by what belongs there. */
export const ports: Check = {
  id: 'ports',
  title: 'Ports',
  run: async (context) => {
    const { port, host, tls } = hubConfig(context);
    const { sfu } = context;
    const answers =
      (at: number, on: string, shape: typeof routes.healthz.output | typeof sfuHealth) =>
      async (): Promise<boolean> => {
        const { text } = await get(`http://${reachable(on)}:${at}/healthz`, { timeoutMs: context.options.answerMs });
        return shape.safeParse(JSON.parse(text)).success;
      };
    const needed: Needed[] = [
      {
        port,
        host,
        variable: 'PORT',
        what: 'the hub',
        protocol: 'tcp',
        ours: answers(port, host, routes.healthz.output),
      },
    ];
    const secure = { what: 'the TLS door of the hub', protocol: 'tcp', variable: 'NADI_TLS_PORT' } as const;
    if (tls)
      needed.push({
        ...secure,
        port: tls.port,
        host: tls.host ?? '0.0.0.0',
        ours: answers(port, host, routes.healthz.output),
      });
    if (sfu) {
      const answering = answers(sfu.port, sfu.host, sfuHealth);
      const node = { port: sfu.port, host: sfu.host, variable: 'SFU_PORT', what: 'the media node' };
      needed.push({ ...node, protocol: 'tcp', ours: answering });
      if (sfu.tls) {
        const door = { ...secure, what: 'the TLS door of the media node', variable: 'SFU_TLS_PORT' } as const;
        needed.push({ ...door, port: sfu.tls.port, host: sfu.tls.host ?? '0.0.0.0', ours: answering });
      }
      if (sfu.rtcPort > 0) {
        const media = { port: sfu.rtcPort, host: sfu.rtcListen, variable: 'SFU_RTC_PORT', what: 'media' };
        needed.push({ ...media, protocol: 'udp', ours: answering }, { ...media, protocol: 'tcp', ours: answering });
      }
    }
    return together(await Promise.all(needed.map(look)));
  },
};

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function look({ port, host, variable, what, protocol, ours }: Needed): Promise<Outcome> {
  const name = `${port}/${protocol} (${what})`;
  if (port === 0) return ok(`${name} is chosen at the start`);
  if (await (protocol === 'tcp' ? tcpPortFree(port, host) : udpPortFree(port, host))) return ok(`${name} is free`);
  const owner = await ownerOf(port, protocol);
  const worker = owner !== null && /mediasoup/.test(owner.name);
  const mine = worker || (await ours().catch(() => false));
  // The node answers, and yet somebody else may sit on its media port.
  const stranger = what === 'media' && owner !== null && !worker;
  if (mine && !stranger) return ok(`${name} is ours`);
  const who =
    owner === null ? 'another program (another user’s, so it cannot be named)' : `${owner.name} (${owner.pid})`;
  return fail(`${name} is taken by ${who}`, `Stop that program, or set ${variable} to another port.`);
}
