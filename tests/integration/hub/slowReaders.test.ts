import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { io as connect, type Socket as ClientSocket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Publisher, roomOf } from '../../../server/hub/publish.ts';
import { slowReaderLimits } from '../../../server/hub/SlowReaders.ts';
import type { StreamEvent } from '../../../server/store/streams/index.ts';
import { Metrics } from '../../../server/support/metrics.ts';
import { batchFrame, resyncFrame, type BatchFrame } from '../../../shared/contract/wire.ts';
import { uuid } from '../../support/histories.ts';
import { RawWebSocket } from '../../support/rawSocket.ts';
import { until } from '../../support/until.ts';

const key = uuid(1);
const room = roomOf('queue', key);
let io: Server;
let publisher: Publisher;
let metrics: Metrics;
let url: string;
let seq: number;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  const http = createServer();
  io = new Server(http, { serveClient: false, transports: ['websocket'], perMessageDeflate: false });
  metrics = new Metrics();
  publisher = new Publisher(io, metrics, { ...slowReaderLimits, everyMs: 20 });
  // As the hub does on `subscribe`, without asking who it is.
  io.on('connection', (socket) => {
    void socket.join(room);
    socket.on('subscribe', () => void socket.join(room));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  seq = 0;
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  publisher.stop();
  await io.close();
});

/** Some 100 KB of events in one frame. */
function publishSome(): void {
  const events = Array.from({ length: 500 }, (): StreamEvent => {
    const data = { entryId: uuid(2), priority: 'urgent' };
    return { seq: ++seq, at: 1_700_000_000_000, v: 1, type: 'prioritised', data };
  });
  publisher.events('queue', key, 1, events);
}
async function outcomes(outcome: string): Promise<number> {
  const { values } = await metrics.slowReaders.get();
  return values.find((value) => value.labels['outcome'] === outcome)?.value ?? 0;
}
async function reader(): Promise<{ raw: RawWebSocket; server: Socket }> {
  const [raw, server] = await Promise.all([
    RawWebSocket.open(url).then((opened) => (opened.text('40'), opened)),
    new Promise<Socket>((resolve) => void io.once('connection', resolve)),
  ]);
  open.push(raw);
  await until('it is greeted', () => raw.received.includes('40{'));
  return { raw, server };
}
/** A client that reads all and keeps the batches. */
async function listener(): Promise<{ socket: ClientSocket; batches: BatchFrame[] }> {
  const socket = connect(url, { transports: ['websocket'], forceNew: true, reconnection: false });
  open.push(socket);
  const batches: BatchFrame[] = [];
  socket.on('batch', (frame: unknown) => batches.push(batchFrame.parse(frame)));
  await new Promise<void>((resolve) => void socket.once('connect', resolve));
  return { socket, batches };
}
const buffered = (server: Socket): number =>
  (server.conn.transport as unknown as { socket: { bufferedAmount: number } }).socket.bufferedAmount;

/** Everything a raw reader was told, parsed, in order. */
function told(raw: RawWebSocket): { event: string; data: unknown }[] {
  return raw.received
    .split('\n')
    .filter((line) => line.startsWith('42'))
    .map((line) => {
      const [event, data] = JSON.parse(line.slice(2)) as [string, unknown];
      return { event, data };
    });
}

describe('[C8] slow readers', () => {
  test('who does not read costs a bounded amount, is told to resync when it has read on, and misses nothing unnoticed', async () => {
    const [{ raw, server }, { batches }] = [await reader(), await listener()];
    raw.socket.pause();
    let most = 0;
    // The kernel takes some megabytes before anything waits here.
    await until('it is noticed', async () => {
      publishSome();
      most = Math.max(most, buffered(server));
      return (await outcomes('behind')) > 0;
    });
    expect(server.rooms.has(room)).toBe(false);
    const left = seq;
    for (let i = 0; i < 50; i++) publishSome();
    await until('the other has everything', () => batches.at(-1)?.to === seq);
    most = Math.max(most, buffered(server));
    expect(most).toBeLessThan(1024 * 1024);
    expect(told(raw).filter(({ event }) => event === 'resync')).toEqual([]);

    raw.socket.resume();
    await until('it is told to resync', () => told(raw).some(({ event }) => event === 'resync'));
    const heard = told(raw);
    expect(resyncFrame.parse(heard.at(-1)?.data)).toEqual({ channel: 'queue', key });
    const got = heard.filter(({ event }) => event === 'batch').map(({ data }) => batchFrame.parse(data));
    // Whole and in order up to where it was left out, and nothing after.
    let next = 1;
    for (const frame of got) {
      expect(frame.from).toBe(next);
      next = frame.to + 1;
    }
    expect(next).toBeLessThanOrEqual(left + 1);
    expect(await outcomes('caught-up')).toBe(1);

    raw.text('42["subscribe"]');
    await until('it is in the room again', () => server.rooms.has(room));
    publishSome();
    await until('it hears again', () => told(raw).at(-1)?.event === 'batch');
    expect(await outcomes('cut')).toBe(0);
  });

  test('who asks and asks without reading is cut, and nobody else notices', async () => {
    const [{ raw, server }, { batches }] = [await reader(), await listener()];
    raw.socket.pause();
    let gone = false;
    server.on('disconnect', () => (gone = true));
    const answer = 'x'.repeat(64 * 1024);
    let most = 0;
    await until('it is cut', async () => {
      server.emit('answer', answer);
      publisher.answered(server.id);
      if (!gone) most = Math.max(most, buffered(server));
      return gone;
    });
    expect(most).toBeLessThan(1024 * 1024);
    expect(await outcomes('cut')).toBe(1);
    expect(raw.socket.destroyed || !server.connected).toBe(true);
    publishSome();
    await until('the other hears', () => batches.at(-1)?.to === seq);
  });

  test('frames keep their order when some go around the queue of answers and some through it', async () => {
    const { socket, batches } = await listener();
    const server = io.sockets.sockets.get(socket.id ?? '');
    const answers: unknown[] = [];
    socket.on('answer', (i: unknown) => answers.push(i));
    const rounds = Array.from({ length: 30 }, (_, i) => i);
    for (const i of rounds) {
      server?.emit('answer', i);
      // Another epoch does not wait for the next batch.
      const event = { seq: ++seq, at: 1_700_000_000_000, v: 1, type: 'recalled', data: { entryId: uuid(2) } };
      publisher.events('queue', key, i + 1, [event]);
    }
    await until('all have come', () => batches.at(-1)?.to === seq);
    expect(batches.map((frame) => frame.from)).toEqual(rounds.map((i) => i + 1));
    expect(answers).toEqual(rounds);
  });
});
