import { methodOf, operationOf, pathOf, type OperationName } from '../../../shared/contract/index.ts';
import { reply } from '../../../shared/contract/wire.ts';
import { limits } from '../../../shared/limits.ts';
import { clock } from './clock.svelte.ts';
import { RequestError } from './RequestError.ts';

export interface HttpCall {
  token?: string | null;
  requestId?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Origin of the hub; the page's own by default. */
  origin?: string;
}

/**
 * One operation over HTTP; the data of its reply, not yet parsed by the operation's own schema.
 * @throws RequestError with the reply's code, `TIMEOUT`, or `UNAVAILABLE` when nothing answered; an AbortError when `signal` did it.
 */
export async function callHttp(name: OperationName, input: object, call: HttpCall = {}): Promise<unknown> {
  const { token, requestId, signal, timeoutMs = limits.requestTimeoutMs, origin = '' } = call;
  const get = methodOf(operationOf(name)) === 'get';
  const headers = new Headers({ accept: 'application/json' });
  if (!get) headers.set('content-type', 'application/json');
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (requestId) headers.set('idempotency-key', requestId);
  const abort = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    abort.abort();
  }, timeoutMs);
  const giveUp = () => abort.abort();
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp);
  const sentAt = Date.now();
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(origin + pathOf(name) + (get ? queryString(input) : ''), {
      method: get ? 'GET' : 'POST',
      headers,
      body: get ? undefined : JSON.stringify(input),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: abort.signal,
    });
    clock.learn(response.headers.get('date'), sentAt, Date.now());
    body = await response.json();
  } catch (error) {
    if (late) throw RequestError.timeout();
    if (signal?.aborted) throw error;
    throw RequestError.unreachable(error instanceof Error ? error.message : 'no connection');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
  const parsed = reply.safeParse(body);
  // Something else answered: a proxy's error page, a captive portal.
  if (!parsed.success) throw RequestError.unreachable(`unexpected answer (${response.status})`);
  if (!parsed.data.ok) throw RequestError.from(parsed.data.error);
  return parsed.data.data;
}

function queryString(input: object): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input)) if (value !== undefined) query.set(key, String(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
