import { fileRoutes } from '../../../shared/contract/files.ts';
import { reply } from '../../../shared/contract/wire.ts';
import { limits } from '../../../shared/limits.ts';
import { attachment, fileType, type Attachment } from '../../../shared/state/chat.ts';
import { fetchBlob } from '../lib/fetchBlob.ts';
import { newRequestId, RequestError, session } from '../lib/index.ts';

export const accepted = fileType.options.join(',');

/** Why a file cannot be sent, as an error code, or null: told before anything is uploaded. */
export function refusal(file: File): string | null {
  if (!fileType.safeParse(file.type).success) return 'UNSUPPORTED_MEDIA_TYPE';
  return file.size > limits.fileBytes ? 'TOO_LARGE' : null;
}

/**
 * Uploads one file. `onprogress` hears the part that is out, 0…1.
 * @throws RequestError; the signal's reason when aborted.
 */
export async function upload(file: File, onprogress: (part: number) => void, signal: AbortSignal): Promise<Attachment> {
  const token = await session.token();
  signal.throwIfAborted();
  const answer = await new Promise<unknown>((resolve, reject) => {
    // fetch says nothing about how much is out.
    const request = new XMLHttpRequest();
    request.open('POST', fileRoutes.upload.path);
    request.responseType = 'json';
    request.setRequestHeader('authorization', `Bearer ${token ?? ''}`);
    request.setRequestHeader('content-type', file.type);
    request.setRequestHeader('x-file-name', encodeURIComponent(file.name.slice(0, limits.fileNameChars)));
    request.setRequestHeader('idempotency-key', newRequestId());
    request.upload.onprogress = ({ loaded, total }) => onprogress(total > 0 ? loaded / total : 0);
    request.onload = () => resolve(request.response);
    request.onerror = () => reject(RequestError.unreachable('the upload broke off'));
    request.onabort = () => reject(RequestError.of(signal.reason));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
  const parsed = reply.safeParse(answer);
  if (!parsed.success) throw RequestError.unreachable('unexpected answer');
  if (!parsed.data.ok) throw RequestError.from(parsed.data.error);
  return attachment.parse(parsed.data.data);
}

/** The content of a file, or its thumbnail, as an address for this page. Give it back with `URL.revokeObjectURL`. */
export async function fetchFile(id: string, thumbnail: boolean): Promise<string> {
  const route = thumbnail ? fileRoutes.thumbnail : fileRoutes.file;
  return URL.createObjectURL(await fetchBlob(route.path.replace('{id}', id)));
}

/** Saves a file under its name. */
export async function download(file: Attachment): Promise<void> {
  const address = await fetchFile(file.id, false);
  const link = document.createElement('a');
  link.href = address;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
