import { isLoopback } from '../../../sfu/config.ts';
import { routes } from '../../../shared/contract/routes.ts';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, type Check, type Outcome } from '../check.ts';
import { hubConfig, hubUrl, type Context } from '../context.ts';
import { get, upgrade, type Answer } from '../support/http.ts';

/** What stands before the hub passes everything through, sockets above all, and says for whom it asks. */
export const proxy: Check = {
  id: 'proxy',
  title: 'Public address',
  run: async (context) => {
    const { publicUrl } = hubConfig(context);
    if (publicUrl === null) return skipped('no NADI_PUBLIC_URL');
    const base = publicUrl.replace(/\/$/, '');
    const asking = { ca: context.options.ca, timeoutMs: context.options.answerMs };
    let page: Answer;
    try {
      page = await get(`${base}/healthz`, asking);
    } catch (error) {
      if (context.running === null && !(await answers(hubUrl(context), asking))) return skipped('the hub does not run');
      return fail(
        `${base} does not answer: ${messageOf(error)}`,
        'Is the proxy running, does the name lead here, are the ports 80 and 443 open?',
      );
    }
    if (!isHealth(page.text)) return fail(`${base} leads to something else (HTTP ${page.status})`, remedyWrong(page));
    const origin = new URL(base).origin;
    return together([
      await sockets(base, origin, asking),
      await strangers(base, asking),
      await metrics(base, context, asking),
    ]);
  },
};

function remedyWrong({ status }: Answer): string {
  if (status >= 500) return 'The proxy does not reach the hub: give it the hub’s address and port.';
  if (status >= 300 && status < 400) return 'It redirects: set NADI_PUBLIC_URL to where it leads.';
  return 'Correct NADI_PUBLIC_URL, or where the proxy sends this name.';
}

const silence = { status: 0, upgraded: null };
type Asking = Parameters<typeof get>[1];
const socketPath = '/socket.io/?EIO=4&transport=websocket';

async function sockets(base: string, origin: string, asking: Asking): Promise<Outcome> {
  const { status, upgraded } = await upgrade(`${base}${socketPath}`, origin, asking).catch(() => silence);
  // A text frame that begins with Engine.IO's "open" packet.
  if (status === 101 && upgraded?.includes('0{"sid"') === true) return ok('pages and sockets pass');
  if (status === 403) {
    return fail(
      `the hub refuses sockets of ${origin}`,
      'Set NADI_PUBLIC_URL to exactly what people open, and pass the Host header on.',
    );
  }
  return fail(
    `WebSockets do not pass the proxy (${status === 0 ? 'no answer' : `HTTP ${status}`})`,
    'Let it pass Upgrade and Connection (nginx: proxy_http_version 1.1, proxy_set_header Upgrade $http_upgrade, Connection "upgrade").',
  );
}

/** A page of another site must not get a socket. */
async function strangers(base: string, asking: Asking): Promise<Outcome> {
  const { status } = await upgrade(`${base}${socketPath}`, 'https://stranger.invalid', asking);
  if (status !== 101) return ok('other sites are refused');
  return fail(
    'pages of other sites get a socket: the proxy rewrites the Origin header',
    'Pass Origin and Host on unchanged.',
  );
}

/** The hub gives its metrics to this machine: a proxy that does not say for whom it asks makes the whole world "this machine". */
async function metrics(base: string, context: Context, asking: Asking): Promise<Outcome> {
  const { hostname, port, protocol } = new URL(base);
  const { port: own, tls } = hubConfig(context);
  const shown = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  const straight = tls ? shown === tls.port : isLoopback(hostname) && shown === own;
  if (straight) return skipped('no proxy in between');
  const { status } = await get(`${base}/metrics`, asking);
  if (status !== 200) return ok('the proxy says for whom it asks');
  return fail(
    'the proxy does not say for whom it asks: metrics are open to everybody, and limits count all people as one',
    'Let it set X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $remote_addr; Caddy does).',
  );
}

async function answers(url: string, asking: Asking): Promise<boolean> {
  return await get(`${url}/healthz`, asking).then(
    ({ text }) => isHealth(text),
    () => false,
  );
}

function isHealth(text: string): boolean {
  try {
    return routes.healthz.output.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
