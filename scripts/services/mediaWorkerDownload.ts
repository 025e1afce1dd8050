import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const RELEASES = 'https://github.com/versatica/mediasoup/releases/download';
const CONNECT_TIMEOUT_MS = 5_000;
const TRANSFER_TIMEOUT_MS = 120_000;

/**
 * Name of the release asset mediasoup publishes for a platform (getWorkerPrebuildTarName in its npm-scripts.mjs).
 *
 * @param release the kernel release as `os.release()` gives it, for example `6.1.0-18-amd64`
 */
export function prebuiltName(version: string, platform: string, arch: string, release: string): string {
  const kernel = platform === 'linux' ? `-kernel${Number(release.split('.')[0])}` : '';
  return `mediasoup-worker-${version}-${platform}-${arch}${kernel}.tgz`;
}

/**
 * Downloads mediasoup's prebuilt worker into `folder`.
 *
 * @param folder an existing folder of ours; gets `mediasoup-worker`
 * @param base where releases are, for a mirror (`MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL`, mediasoup's own name)
 * @returns the path of the binary
 * @throws Error with a one-line reason when nothing answers within 5 s or the asset does not exist
 */
export async function downloadMediaWorker(
  folder: string,
  version: string,
  name: string,
  base: string = process.env['MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL'] ?? RELEASES,
): Promise<string> {
  const url = `${base}/${version}/${name}`;
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error('no answer within 5 s')), CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: 'follow' });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
    timer = setTimeout(() => abort.abort(new Error('the transfer took over 2 min')), TRANSFER_TIMEOUT_MS);
    const bytes = Buffer.from(await response.arrayBuffer());
    await mkdir(folder, { recursive: true });
    const archive = join(folder, name);
    await writeFile(archive, bytes);
    await untar(archive, folder);
    const binary = join(folder, 'mediasoup-worker');
    await chmod(binary, 0o755);
    return binary;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new Error(`${error instanceof Error ? error.message : String(error)}${cause}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function untar(archive: string, folder: string): Promise<void> {
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('tar', ['-xzf', archive, '-C', folder, '--no-same-owner', 'mediasoup-worker'], {
      stdio: 'ignore',
    });
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the downloaded archive cannot be unpacked (tar exit code ${String(code)})`);
}
