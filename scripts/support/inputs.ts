import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** Every file under the given files and folders (those that exist), relative to `root`, sorted; tests and hidden files left out. */
export async function inputFiles(root: string, entries: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of entries) {
    const info = await stat(path.join(root, entry)).catch(() => undefined);
    if (info?.isFile()) found.push(entry);
    if (!info?.isDirectory()) continue;
    for (const child of await readdir(path.join(root, entry), { recursive: true, withFileTypes: true })) {
      const file = path.relative(root, path.join(child.parentPath, child.name));
      if (child.isFile() && !/\.test\.ts$|(^|\/)\./.test(file)) found.push(file);
    }
  }
  return found.sort();
}

/** One hash over the names and contents of all these files: equal exactly when a build would see the same input. */
export async function hashInputs(root: string, entries: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await inputFiles(root, entries)) {
    const content = createHash('sha256')
      .update(await readFile(path.join(root, file)))
      .digest('hex');
    hash.update(`${file}\0${content}\n`);
  }
  return hash.digest('hex');
}
