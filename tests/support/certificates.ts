import { join } from 'node:path';
import { ensurePackages } from '../../scripts/support/apt.ts';
import { run } from '../../scripts/support/run.ts';

/** A certificate that vouches for itself, and its key, as PEM files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes one in `folder` for a name and loopback; good for `days`. */
export async function selfSigned(folder: string, name: string, days = 30): Promise<Certificate> {
  await ensurePackages(['openssl'], { step: () => undefined, info: () => undefined });
  const certFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  const { code, stderr } = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', keyFile, '-out', certFile, '-days', String(days), '-subj', `/CN=${name}`],
    ...['-addext', `subjectAltName=DNS:${name},DNS:localhost,IP:127.0.0.1`],
  ]);
  if (code !== 0) throw new Error(`openssl: ${stderr}`);
  return { certFile, keyFile };
}
