import { hostname } from 'node:os';
import { elements } from '../bson.ts';
import { Code, CommandError } from '../errors.ts';
import { maxMessageBytes } from '../frames.ts';
import type { Handler } from '../Request.ts';
import { reply } from './replies.ts';

/** The MongoDB release whose commands and wire version are spoken. */
const version = '7.0.0';
const wireVersion = 21;
const maxDocumentBytes = 16 * 1024 * 1024;
/** `documentdb.maxWriteBatchSize` of the engine. */
const maxWriteBatchSize = 25_000;

/**
 * Presents a standalone server without sessions: no `setName`, no `logicalSessionTimeoutMinutes`, no `topologyVersion`. So
 * drivers send no session ids, start no transactions, and do not repeat a write whose outcome they did not learn.
 */
const hello: Handler = (request, { now }, connectionId) =>
  reply({
    helloOk: true,
    ...(request.name === 'hello' ? { isWritablePrimary: true } : { ismaster: true }),
    maxBsonObjectSize: maxDocumentBytes,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize,
    localTime: now(),
    connectionId,
    minWireVersion: 0,
    maxWireVersion: wireVersion,
    readOnly: false,
    ok: 1,
  });

const ok: Handler = () => reply({ ok: 1 });

const buildInfo: Handler = () =>
  reply({
    version,
    versionArray: [7, 0, 0, 0],
    gitVersion: 'nadi-gateway',
    modules: [],
    storageEngines: ['documentdb'],
    bits: 64,
    debug: false,
    maxBsonObjectSize: maxDocumentBytes,
    ok: 1,
  });

const getParameter: Handler = (request) => {
  if (!request.has('featureCompatibilityVersion') && request.string('getParameter') !== '*') {
    throw new CommandError(Code.InvalidOptions, 'no option found to get');
  }
  return reply({ featureCompatibilityVersion: { version: '7.0' }, ok: 1 });
};

const hostInfo: Handler = (_request, { now }) =>
  reply({ system: { currentTime: now(), hostname: hostname() }, os: { type: process.platform }, extra: {}, ok: 1 });

const connectionStatus: Handler = () =>
  reply({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] }, ok: 1 });

const killCursors: Handler = async (request, { cursors, engine }) => {
  request.collection();
  const array = request.document('cursors');
  if (array === undefined) throw new CommandError(Code.BadValue, 'killCursors needs cursors');
  const ids = elements(array).map((item) => (item.type === 18 ? array.readBigInt64LE(item.value) : undefined));
  if (ids.includes(undefined)) throw new CommandError(Code.TypeMismatch, 'cursors must be longs');
  const wanted = ids.filter((id) => id !== undefined);
  const killed = wanted.filter((id) => cursors.kill(id));
  await releaseCursors(engine, killed);
  return reply({
    cursorsKilled: killed,
    cursorsNotFound: wanted.filter((id) => !killed.includes(id)),
    cursorsAlive: [],
    cursorsUnknown: [],
    ok: 1,
  });
};

/** Lets the engine remove what it keeps of these cursors on disk. */
export async function releaseCursors(engine: Parameters<Handler>[1]['engine'], ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return;
  await engine.run('delete_cursors', 'SELECT documentdb_api_internal.delete_cursors($1::bigint[])', [
    `{${ids.join(',')}}`,
  ]);
}

export const handshakeCommands: Record<string, Handler> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: ok,
  endSessions: ok,
  buildInfo,
  buildinfo: buildInfo,
  getParameter,
  hostInfo,
  connectionStatus,
  killCursors,
};
