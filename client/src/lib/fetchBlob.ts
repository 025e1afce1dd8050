import { reply } from '../../../shared/contract/wire.ts';
import { session } from './index.ts';
import { RequestError } from './RequestError.ts';

/** The content behind an address that needs the sign-in, which images and players cannot send. @throws RequestError */
export async function fetchBlob(path: string): Promise<Blob> {
  const token = await session.token();
  const response = await fetch(path, {
    headers: { authorization: `Bearer ${token ?? ''}` },
    cache: 'no-store',
  }).catch(() => null);
  if (!response) throw RequestError.unreachable('no connection');
  if (response.ok) return await response.blob();
  const parsed = reply.safeParse(await response.json().catch(() => null));
  throw parsed.success && !parsed.data.ok
    ? RequestError.from(parsed.data.error)
    : RequestError.unreachable('unexpected answer');
}
