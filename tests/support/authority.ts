import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePackages } from '../../scripts/support/apt.ts';

const run = promisify(execFile);

/** A key with its certificate, PEM. */
export interface Pair {
  readonly key: string;
  readonly cert: string;
}

export interface Wanted {
  /** Host names it is for; none: it is an authority. */
  readonly names?: readonly string[];
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
  /** Default: the root. */
  readonly issuer?: Issued;
}
export interface Issued extends Pair {
  readonly folder: string;
}

const config = `
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = none
unique_subject = no
[any]
commonName = supplied
`;

/** A certificate authority of a test's own, which can also make what no real one makes. */
export class Authority {
  readonly #folder: string;
  readonly root: Issued;

  private constructor(folder: string, root: Issued) {
    this.#folder = folder;
    this.root = root;
  }

  static async create(): Promise<Authority> {
    await ensurePackages(['openssl'], { step: () => undefined, info: () => undefined });
    const folder = await mkdtemp(join(tmpdir(), 'nadi-ca-'));
    const own = join(folder, 'root');
    await mkdir(own);
    const subject = ['-x509', '-days', '3650', '-subj', '/CN=Nadi test root'];
    await openssl(own, ['req', ...newKey, ...subject, '-addext', 'keyUsage=critical,keyCertSign', '-out', 'cert.pem']);
    return new Authority(folder, await issued(own));
  }

  /** What clients are given to trust, PEM. */
  get ca(): string {
    return this.root.cert;
  }

  async issue({ names = [], from = -1, to = 90, issuer = this.root }: Wanted): Promise<Issued> {
    const own = await mkdtemp(join(this.#folder, 'one-'));
    await openssl(own, ['req', ...newKey, '-subj', `/CN=${names[0] ?? 'Nadi test intermediate'}`, '-out', 'csr.pem']);
    const extensions =
      names.length === 0
        ? 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign'
        : `basicConstraints=CA:FALSE\nsubjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
    await writeFile(join(own, 'ext.cnf'), `${extensions}\n`);
    await writeFile(join(own, 'ca.cnf'), config);
    await writeFile(join(own, 'index.txt'), '');
    const dates = ['-startdate', stamp(from), '-enddate', stamp(to)];
    const signer = ['-cert', join(issuer.folder, 'cert.pem'), '-keyfile', join(issuer.folder, 'key.pem')];
    const files = ['-in', 'csr.pem', '-out', 'cert.pem', '-extfile', 'ext.cnf'];
    await openssl(own, ['ca', '-batch', '-notext', '-config', 'ca.cnf', ...signer, ...dates, ...files]);
    return await issued(own);
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  await run('openssl', args, { cwd });
}

async function issued(folder: string): Promise<Issued> {
  const [key, cert] = await Promise.all([
    readFile(join(folder, 'key.pem'), 'utf8'),
    readFile(join(folder, 'cert.pem'), 'utf8'),
  ]);
  return { key, cert, folder };
}

/** ASN.1 GeneralizedTime, whole seconds. */
function stamp(daysFromNow: number): string {
  const iso = new Date(Date.now() + daysFromNow * 24 * 3600_000).toISOString();
  return iso.replaceAll(/[-:T]|\.\d+/g, '');
}
