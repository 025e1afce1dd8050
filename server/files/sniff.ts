import type { Readable } from 'node:stream';
import { fileTypeFromBuffer } from 'file-type';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { fileType, type FileType } from '../../shared/state/chat.ts';

/** So many first bytes tell what a file is. */
const headBytes = 4_100;

const endings: Record<FileType, readonly string[]> = {
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/webp': ['webp'],
  'application/pdf': ['pdf'],
  'text/plain': ['txt', 'csv', 'log', 'md'],
};

/** What a file is by its first bytes, or null when it is nothing we take. Text is what nothing else claims and is no markup. */
export async function sniff(head: Uint8Array): Promise<FileType | null> {
  const found = await fileTypeFromBuffer(head);
  if (found) return fileType.safeParse(found.mime).data ?? null;
  const start = new TextDecoder()
    .decode(head.subarray(0, 1_024))
    .replace(/^\ufeff/, '')
    .trimStart();
  // Markup that calls itself text; a shell script or a program is text at most by luck.
  if (/^(<[!?a-z/]|#!|%!)/i.test(start)) return null;
  return 'text/plain';
}

/** Follows a stream of bytes and says whether all of it is text: UTF-8 without control characters. */
function textCheck(): (chunk: Uint8Array | null) => boolean {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let good = true;
  return (chunk) => {
    try {
      const text = chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
      // eslint-disable-next-line no-control-regex
      if (/[\u0000-\u0008\u000b\u000e-\u001f\u007f]/.test(text)) good = false;
    } catch {
      good = false;
    }
    return good;
  };
}

/**
 * The bytes of an upload, looked at as they pass.
 * @throws AppError TOO_LARGE, UNSUPPORTED_MEDIA_TYPE when they are not what they are said to be, INVALID_INPUT when there are none.
 */
export async function* inspected(type: FileType, body: Readable): AsyncGenerator<Uint8Array> {
  const isText = textCheck();
  let head = Buffer.alloc(0);
  let judged = false;
  let bytes = 0;
  const judge = async (): Promise<void> => {
    judged = true;
    if ((await sniff(head)) !== type) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'not what it says it is');
  };
  // Not destroyed when this ends early: who is refused must still hear why.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new AppError('INVALID_INPUT', 'bytes are wanted');
    bytes += chunk.length;
    if (bytes > limits.fileBytes) throw new AppError('TOO_LARGE', `at most ${limits.fileBytes} bytes`);
    if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)]);
    if (!judged && head.length >= headBytes) await judge();
    if (type === 'text/plain' && !isText(chunk)) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'this is no text');
    yield chunk;
  }
  if (bytes === 0) throw new AppError('INVALID_INPUT', 'the file is empty');
  if (!judged) await judge();
  if (type === 'text/plain' && !isText(null)) throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'this is no text');
}

/** A name that is safe to show and to save: no paths, no control or direction characters, an ending that tells the truth. */
export function safeName(raw: string, type: FileType): string {
  const base = raw.normalize('NFC').split(/[\\/]/).at(-1) ?? '';
  const clean = base
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '');
  const allowed = endings[type];
  const ending = /\.([^.]+)$/.exec(clean)?.[1]?.toLowerCase();
  const [first] = allowed;
  const right = ending !== undefined && allowed.includes(ending);
  const suffix = `.${right ? ending : (first ?? '')}`;
  const stem = (right ? clean.slice(0, -suffix.length) : clean) || 'file';
  let short = [...stem].slice(0, limits.fileNameChars).join('');
  while (short.length + suffix.length > limits.fileNameChars) short = [...short].slice(0, -1).join('');
  return short + suffix;
}
