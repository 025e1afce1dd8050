import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls';
import type { Judgement } from './judgement.ts';

/** What a TLS server showed. Times in ms. */
export interface SeenCertificate {
  readonly validFrom: number;
  readonly validTo: number;
  /** Whether it names the host that was asked for. */
  readonly names: boolean;
  /** Its own names, for the finding. */
  readonly own: string;
  /** Why this machine does not trust it, as OpenSSL's code; null: it does. */
  readonly distrust: string | null;
}

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
}

/** Where the certificate of an https address is shown; null for any other address. */
export function tlsTarget(url: string): { host: string; port: number } | null {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:') return null;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) };
}

/** Shakes hands as a browser does, whatever is shown. @throws when nobody answers, or not with TLS. */
export async function seeCertificate({ host, port, ca, timeoutMs }: TlsTarget): Promise<SeenCertificate> {
  const named = isIP(host) === 0 ? { servername: host } : {};
  const trusted = ca === undefined ? {} : { ca };
  const socket = connect({ host, port, ...named, ...trusted, rejectUnauthorized: false });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no TLS answer within ${timeoutMs / 1000} s`)));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', () => resolve());
      socket.once('error', reject);
    });
    const shown = socket.getPeerCertificate();
    if (shown.raw === undefined) throw new Error('it shows no certificate');
    return {
      validFrom: Date.parse(shown.valid_from),
      validTo: Date.parse(shown.valid_to),
      names: checkServerIdentity(host, shown) === undefined,
      own: namesOf(shown),
      distrust: distrustOf(socket.authorizationError),
    };
  } finally {
    socket.destroy();
  }
}

function namesOf({ subjectaltname, subject }: PeerCertificate): string {
  const names = subjectaltname ?? [subject.CN].flat().join(', ');
  return names.replace(/DNS:|IP Address:/g, '').slice(0, 120);
}

/** Node's own word for a wrong name is judged apart. Null at run time, whatever its type says, when all is well. */
function distrustOf(error: Error | string | null): string | null {
  if (error === null) return null;
  const code = error instanceof Error ? ('code' in error ? String(error.code) : error.message) : error;
  return code === '' || code.startsWith('ERR_TLS_CERT_ALTNAME') ? null : code;
}

const day = 24 * 3600_000;
/** ACME renews 30 days before the end: with this many left it has failed for a while. */
const soonDays = 21;
const lastDays = 3;

const renewal =
  'Renew the certificate, and look why it was not renewed by itself (the log of the proxy or ACME client).';

/** Judged as browsers do, which refuse the whole site, and before they do. */
export function judgeCertificate(seen: SeenCertificate, host: string, now: number): Judgement {
  const { validFrom, validTo, names, own, distrust } = seen;
  const ends = new Date(validTo).toISOString().slice(0, 10);
  const left = Math.floor((validTo - now) / day);
  if (validTo <= now)
    return { level: 'fail', finding: `the certificate of ${host} expired on ${ends}`, remedy: renewal };
  if (validFrom > now) {
    return {
      level: 'fail',
      finding: `the certificate of ${host} is not valid before ${new Date(validFrom).toISOString()}`,
      remedy: 'Check the clock of this machine, and wait or have it made anew.',
    };
  }
  if (!names) {
    return {
      level: 'fail',
      finding: `the certificate is for ${own}, not for ${host}`,
      remedy: 'Get one for this name, or correct NADI_PUBLIC_URL.',
    };
  }
  if (distrust !== null) return { level: 'fail', ...distrusted(distrust, host) };
  const finding = `the certificate of ${host} ends on ${ends}, in ${left} days`;
  if (left < soonDays) return { level: left < lastDays ? 'fail' : 'warn', finding, remedy: renewal };
  return { level: 'ok', finding };
}

function distrusted(code: string, host: string): { finding: string; remedy: string } {
  if (/^UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)/.test(code)) {
    return {
      finding: `the certificate chain of ${host} is incomplete, or its issuer is unknown here (${code})`,
      remedy: 'Serve the full chain: the certificate followed by the intermediate ones (fullchain.pem).',
    };
  }
  if (/SELF_SIGNED/.test(code)) {
    return {
      finding: `the certificate of ${host} is signed by itself or a private authority (${code})`,
      remedy: 'Phones will refuse it: use ACME (npm run setup), or a certificate of a public authority.',
    };
  }
  return { finding: `the certificate of ${host} is not trusted (${code})`, remedy: 'Use one of a public authority.' };
}
