import { createHash, timingSafeEqual } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import {
  sfuCloseRequest,
  sfuCloseResult,
  sfuHealth,
  sfuName,
  sfuNodeInfo,
  sfuRoomInfo,
  type SfuErrorCode,
  type SfuHealth,
  type SfuNodeInfo,
} from '../shared/contract/sfu.ts';
import { spooledRecordings, storedRequest, storedResult } from '../shared/contract/sfuRecording.ts';
import type { SfuMetrics } from './metrics.ts';
import { parseInput } from './requests.ts';
import type { Spool } from './recording/Spool.ts';
import type { RoomDirectory } from './RoomDirectory.ts';
import { SfuFailure, toSfuError } from './SfuFailure.ts';

const MAX_BODY = 4 * 1024;

/** What the control API shows and steers. */
export interface ControlParts {
  readonly secret: string;
  readonly directory: RoomDirectory;
  readonly spool: Spool;
  readonly metrics: SfuMetrics;
  readonly log: Logger;
  health(): SfuHealth;
  info(): SfuNodeInfo;
}

const statusOf: Partial<Record<SfuErrorCode, number>> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  NOT_FOUND: 404,
  WRONG_STATE: 409,
  UNKNOWN_OPERATION: 404,
  LIMIT_EXCEEDED: 413,
};

/** The node's HTTP side: health for anybody, metrics and control for the holder of the secret. */
export function controlApi(parts: ControlParts): RequestListener {
  return (request, response) => {
    answer(request, response, parts).catch((thrown: unknown) => {
      const { error, unexpected } = toSfuError(thrown);
      if (unexpected) parts.log.error({ err: thrown, traceId: error.traceId }, 'control request failed');
      json(response, statusOf[error.code] ?? 500, { ok: false, error });
    });
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: ControlParts): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (request.method === 'GET' && path === '/healthz') {
    const health = sfuHealth.parse(parts.health());
    return json(response, health.status === 'ok' ? 200 : 503, health);
  }
  if (!holdsSecret(request, parts.secret)) throw new SfuFailure('UNAUTHENTICATED', 'the control secret is needed');
  if (request.method === 'GET' && path === '/metrics') {
    const text = await parts.metrics.text();
    response.writeHead(200, { 'content-type': parts.metrics.contentType, 'cache-control': 'no-store' }).end(text);
    return;
  }
  if (request.method === 'GET' && path === '/control/node') return json(response, 200, sfuNodeInfo.parse(parts.info()));

  if (path.startsWith('/control/recordings')) return recordings(request, response, path, parts);

  const [, name, close] = /^\/control\/rooms\/([^/]+)(\/close)?$/.exec(path) ?? [];
  if (name === undefined) throw new SfuFailure('UNKNOWN_OPERATION', 'no such route');
  const room = parseInput(sfuName, name);
  if (request.method === 'GET' && close === undefined) {
    const open = parts.directory.rooms.get(room);
    if (open === undefined) throw new SfuFailure('NOT_FOUND', 'no such room on this node');
    return json(response, 200, sfuRoomInfo.parse(open.describe()));
  }
  if (request.method === 'POST' && close !== undefined) {
    const { reason, epoch } = parseInput(sfuCloseRequest, await readJson(request));
    return json(response, 200, sfuCloseResult.parse({ closed: parts.directory.close(room, reason, epoch) }));
  }
  throw new SfuFailure('UNKNOWN_OPERATION', 'no such route');
}

/** What was recorded here: listed, read from any byte, and removed once the hub has it. */
async function recordings(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { spool, directory }: ControlParts,
): Promise<void> {
  if (request.method === 'GET' && path === '/control/recordings') {
    // Whoever has just seen it stop asks for it at once.
    await directory.recordings.finished();
    return json(response, 200, spooledRecordings.parse({ recordings: spool.list() }));
  }
  const [, id, stored] = /^\/control\/recordings\/([0-9a-f-]{36})(\/stored)?$/.exec(path) ?? [];
  if (id === undefined) throw new SfuFailure('UNKNOWN_OPERATION', 'no such route');
  if (request.method === 'GET' && stored === undefined) {
    const from = Number(new URL(request.url ?? '/', 'http://node').searchParams.get('from') ?? 0);
    if (!Number.isSafeInteger(from) || from < 0) throw new SfuFailure('INVALID_INPUT', 'from: a byte position');
    const content = spool.read(id, from);
    if (!content) throw new SfuFailure('NOT_FOUND', 'no such recording on this node');
    response.writeHead(200, { 'content-type': 'audio/ogg', 'cache-control': 'no-store' });
    return await pipeline(content, response);
  }
  if (request.method === 'POST' && stored !== undefined) {
    const { bytes, sha256 } = parseInput(storedRequest, await readJson(request));
    const outcome = await spool.stored(id, bytes, sha256);
    if (outcome === 'differs') throw new SfuFailure('WRONG_STATE', 'what was stored is not what is here');
    // Asked again after a lost answer: it is gone, as wished.
    return json(response, 200, storedResult.parse({ removed: outcome === 'removed' }));
  }
  throw new SfuFailure('UNKNOWN_OPERATION', 'no such route');
}

/** Compared as hashes, which have one length and tell nothing by the time it takes. */
function holdsSecret(request: IncomingMessage, secret: string): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MAX_BODY) throw new SfuFailure('LIMIT_EXCEEDED', 'the body is too large');
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new SfuFailure('INVALID_INPUT', 'the body is not JSON');
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
