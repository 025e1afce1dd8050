import { HubProtocol } from '../../../tests/support/HubProtocol.ts'; // first: it provides the WebSocket
import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyQueue, reduceQueue, type QueueEvent } from '../../../shared/state/queue.ts';
import { until } from '../../../tests/support/until.ts';
import { Hub } from './hub.svelte.ts';

const sessionId = '00000000-0000-4000-8000-000000000001';
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const joined = (seq: number): QueueEvent => ({
  seq,
  at: seq,
  v: 1,
  type: 'joined',
  data: {
    entryId: uuid(100 + seq),
    patientId: uuid(500 + seq),
    token: seq,
    mode: 'video',
    source: 'online',
    priority: 'normal',
  },
});

const log = [1, 2, 3, 4, 5, 6].map(joined);
const fold = (n: number) => log.slice(0, n).reduce(reduceQueue, emptyQueue);

let server: HubProtocol;
let hub: Hub;
let forced = 0;

beforeEach(async () => {
  server = new HubProtocol();
  forced = 0;
  hub = new Hub({ token: async (force) => (force ? `fresh-${++forced}` : 'first') }, await server.start());
});
afterEach(async () => {
  hub.close();
  await server.io.close();
});
const live = (): Promise<true> => until('the connection is live', () => hub.live);

describe('requests', () => {
  it('repeats a command whose connection broke with the same request id, so that it is done once', async () => {
    server.onOp = ({ requestId = '' }, ack, socket) => {
      // Done, but the answer is lost with the connection; a repeat is recognised.
      if (!server.done.has(requestId)) {
        server.done.add(requestId);
        socket.conn.close();
      } else ack({ ok: true, data: { entryId: uuid(7) } });
    };
    hub.open();
    await live();
    expect(await hub.request('queue.leave', { entryId: uuid(7) })).toEqual({ entryId: uuid(7) });
    expect(server.ops).toHaveLength(2);
    expect(server.done.size).toBe(1);
  });

  it('says TIMEOUT when no answer comes, and that it may have happened', async () => {
    server.onOp = () => undefined;
    hub.open();
    await live();
    const lost = hub.request('queue.leave', { entryId: uuid(7) }, { timeoutMs: 150 });
    await expect(lost).rejects.toMatchObject({ code: 'TIMEOUT', unanswered: true });
  });

  it('passes the code, trace id and details of a refusal on', async () => {
    server.onOp = (_frame, ack) =>
      ack({ ok: false, error: { code: 'QUEUE_MOVED', message: 'm', traceId: 'trace', details: { seq: 9 } } });
    hub.open();
    await live();
    await expect(hub.request('queue.callNext', { sessionId, seen: null })).rejects.toMatchObject({
      code: 'QUEUE_MOVED',
      traceId: 'trace',
      details: { seq: 9 },
      unanswered: false,
    });
  });

  it('refuses a reply that does not fit the contract', async () => {
    server.onOp = (_frame, ack) => ack({ ok: true, data: { entryId: 7 } });
    hub.open();
    await live();
    await expect(hub.request('queue.leave', { entryId: uuid(7) })).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('does not wake the effect it is made in when the connection changes', async () => {
    server.onOp = (_frame, ack) => ack({ ok: true, data: { sessions: [] } });
    let runs = 0;
    const stop = $effect.root(() => {
      $effect(() => {
        runs += 1;
        const abort = new AbortController();
        hub.request('queue.sessions', {}, { signal: abort.signal }).catch(() => undefined);
        return () => abort.abort();
      });
      $effect(() => hub.stream('queue', sessionId).acquire());
    });
    flushSync();
    hub.open();
    await live();
    flushSync();
    hub.connection.restart();
    await live();
    flushSync();
    stop();
    expect(runs).toBe(1);
  });
});

describe('the connection', () => {
  it('fetches a new token when the hub refuses the one it has', async () => {
    server.refuse = (token) => (token === 'first' ? 'UNAUTHENTICATED' : null);
    hub.open();
    await live();
    expect(server.tokens).toEqual(['first', 'fresh-1']);
  });

  it('fetches a new token after the hub closed the socket', async () => {
    hub.open();
    await live();
    server.io.disconnectSockets(true);
    await until('it is back with a new token', () => server.tokens.length === 2 && hub.live);
    expect(server.tokens).toEqual(['first', 'fresh-1']);
  });

  it('says that this page is outdated, and may reload only when nothing holds it', async () => {
    server.refuse = () => 'OUTDATED_CLIENT';
    const release = hub.holdReload();
    hub.open();
    await until('the refusal is known', () => hub.connection.outdated);
    expect(hub.shouldReload).toBe(false);
    release();
    expect(hub.shouldReload).toBe(true);
  });

  it('says reconnecting and when it last heard, and live again', async () => {
    hub.open();
    await live();
    const before = Date.now();
    for (const socket of server.io.sockets.sockets.values()) socket.conn.close();
    await until('it notices', () => hub.connection.state === 'reconnecting');
    expect(hub.connection.lastUpdated).toBeLessThanOrEqual(Date.now());
    expect(hub.connection.lastUpdated).toBeGreaterThan(before - 5_000);
    await live();
  });
});

describe('streams', () => {
  it('applies a batch that overtakes the snapshot, once', async () => {
    server.onSubscribe = (ack) => {
      server.batch('queue', sessionId, log.slice(2, 4));
      setTimeout(() => ack({ ok: true, data: { kind: 'snapshot', epoch: 1, seq: 3, state: fold(3) } }), 30);
    };
    const store = hub.stream('queue', sessionId);
    const heard: number[] = [];
    store.onEvents((events) => heard.push(...events.map((event) => event.seq)));
    store.acquire();
    hub.open();
    await until('the store is live', () => store.status === 'live');
    expect(store.state).toEqual(fold(4));
    expect(heard).toEqual([4]);
  });

  it('asks for what it missed, after a gap and after a reconnect', async () => {
    let head = 2;
    server.onSubscribe = (ack, since) =>
      ack({
        ok: true,
        data: since
          ? { kind: 'events', epoch: 1, from: since.seq + 1, to: head, events: log.slice(since.seq, head) }
          : { kind: 'snapshot', epoch: 1, seq: head, state: fold(head) },
      });
    const store = hub.stream('queue', sessionId);
    store.acquire();
    hub.open();
    await until('the store is live', () => store.status === 'live');
    head = 5;
    server.batch('queue', sessionId, log.slice(4, 5));
    await until('the gap is filled', () => store.seq === 5);
    head = 6;
    for (const socket of server.io.sockets.sockets.values()) socket.conn.close();
    await until('it says that it may be old', () => store.status === 'stale');
    expect(store.state).toEqual(fold(5));
    await until('it caught up', () => store.seq === 6 && store.status === 'live');
    expect(store.state).toEqual(fold(6));
    expect(server.subscribes().map((one) => one.since?.seq)).toEqual([undefined, 2, 5]);
  });

  it('is one subscription for all who use it, and ends a while after the last', async () => {
    server.onSubscribe = (ack) => ack({ ok: true, data: { kind: 'snapshot', epoch: 1, seq: 1, state: fold(1) } });
    const first = hub.stream('queue', sessionId).acquire();
    const second = hub.stream('queue', sessionId).acquire();
    hub.open();
    await until('the store is live', () => hub.stream('queue', sessionId).status === 'live');
    first();
    first();
    second();
    await until('it is closed', () => server.asked.at(-1)?.event === 'unsubscribe');
    expect(server.subscribes()).toHaveLength(1);
  });

  it('forgets everything when access is taken away, and when somebody signs out', async () => {
    server.onSubscribe = (ack) => ack({ ok: true, data: { kind: 'snapshot', epoch: 1, seq: 2, state: fold(2) } });
    const store = hub.stream('queue', sessionId);
    store.acquire();
    hub.open();
    await until('the store is live', () => store.status === 'live');
    server.io.emit('closed', { channel: 'queue', key: sessionId });
    await until('it is denied', () => store.status === 'denied');
    expect(store.state).toBeNull();
    hub.close();
    expect(hub.stream('queue', sessionId)).not.toBe(store);
  });

  it('takes up again what the hub left out because we were slow, from where it stands', async () => {
    server.onSubscribe = (ack, since) =>
      ack({ ok: true, data: { kind: 'snapshot', epoch: 1, seq: since ? 5 : 2, state: fold(since ? 5 : 2) } });
    const store = hub.stream('queue', sessionId);
    store.acquire();
    hub.open();
    await until('the store is live', () => store.status === 'live');
    server.io.emit('resync', { channel: 'queue', key: sessionId });
    await until('it has caught up', () => store.seq === 5);
    expect(server.subscribes()).toMatchObject([{}, { since: { epoch: 1, seq: 2 } }]);
    expect(store.status).toBe('live');
  });

  it('tries again by itself after a failure that may pass, and not after a refusal', async () => {
    const replies = [
      { ok: false, error: { code: 'UNAVAILABLE', message: '', traceId: 't' } },
      { ok: true, data: { kind: 'snapshot', epoch: 1, seq: 1, state: fold(1) } },
    ];
    server.onSubscribe = (ack) =>
      ack(replies.shift() ?? { ok: false, error: { code: 'NOT_FOUND', message: '', traceId: 't' } });
    const store = hub.stream('queue', sessionId);
    store.acquire();
    hub.open();
    await until('the store is live', () => store.status === 'live');
    const other = hub.stream('queue', uuid(2));
    other.acquire();
    await until('it is denied', () => other.status === 'denied');
    expect(server.subscribes()).toHaveLength(3);
  });
});

describe('views', () => {
  it('shows the newest revision, whatever the order of arrival', async () => {
    const key = uuid(9);
    const view = (tick: number, ids: string[]) => ({
      channel: 'myPlaces',
      key,
      rev: [1, 4, tick],
      state: { entryIds: ids },
    });
    server.onSubscribe = (ack) => {
      server.io.emit('view', view(2, [uuid(2)]));
      ack({ ok: true, data: { kind: 'view', rev: [1, 4, 1], state: { entryIds: [uuid(1)] } } });
    };
    const store = hub.view('myPlaces', key);
    store.acquire();
    hub.open();
    await until('the store is live', () => store.status === 'live');
    await until('the newer one is shown', () => store.state?.entryIds[0] === uuid(2));
    server.io.emit('view', view(1, [uuid(1)]));
    server.io.emit('view', view(3, [uuid(3)]));
    await until('the newest one is shown', () => store.state?.entryIds[0] === uuid(3));
  });

  it('applies differences where it stands, also those that come before the whole; after a hole it asks again', async () => {
    const key = uuid(9);
    const patch = (from: number, set: object, gone: string[] = []) =>
      server.io.emit('patch', { channel: 'presence', key, from: [0, 0, from], rev: [0, 0, from + 1], set, gone });
    let wholes = 0;
    server.onSubscribe = (ack) => {
      wholes += 1;
      patch(6, { [uuid(8)]: 'away' });
      patch(7, { [uuid(2)]: 'away' });
      const state = wholes === 1 ? { [uuid(1)]: 'online' } : { [uuid(5)]: 'online' };
      ack({ ok: true, data: { kind: 'view', rev: [0, 0, wholes === 1 ? 7 : 20], state } });
    };
    const store = hub.view('presence', key);
    store.acquire();
    hub.open();
    await until('both are shown', () => Object.keys(store.state ?? {}).length === 2);
    expect(store.state).toEqual({ [uuid(1)]: 'online', [uuid(2)]: 'away' });
    patch(8, { [uuid(2)]: 'on-a-break' }, [uuid(1)]);
    await until('the change is shown', () => store.state?.[uuid(2)] === 'on-a-break');
    expect(store.state).toEqual({ [uuid(2)]: 'on-a-break' });
    patch(11, { [uuid(3)]: 'online' });
    await until('it has asked again', () => store.state?.[uuid(5)] === 'online');
    expect(store.state).toEqual({ [uuid(5)]: 'online' });
    expect(wholes).toBe(2);
  });
});

describe('a hub that stops', () => {
  it('is left for another one without a gap: the new socket first, then what is owed, and the old one last', async () => {
    const moments: string[] = [];
    let refusals = 1;
    const sockets: string[] = [];
    server.io.on('connection', (socket) => {
      sockets.push(socket.id);
      moments.push(`connected ${sockets.length}`);
      socket.on('disconnect', () => moments.push(`gone ${sockets.indexOf(socket.id) + 1}`));
    });
    server.onSubscribe = (ack, since) =>
      since
        ? ack({ ok: true, data: { kind: 'events', epoch: 1, from: since.seq + 1, to: 3, events: [joined(3)] } })
        : ack({ ok: true, data: { kind: 'snapshot', epoch: 1, seq: 2, state: fold(2) } });
    let answer = (): void => undefined;
    server.onOp = (_frame, ack) => (answer = () => ack({ ok: true, data: { entryId: uuid(7) } }));
    const store = hub.stream('queue', sessionId);
    store.acquire();
    hub.open();
    await until('the store is live', () => store.status === 'live');
    const states = new Set<string>();
    const watch = setInterval(() => states.add(`${hub.connection.state} ${store.status}`), 1);
    const asked = hub.request('queue.leave', { entryId: uuid(7) });
    await until('the command to be there', () => server.ops.length === 1);
    // The first try is led to the hub that stops, which lets nobody in; the second breaks off while it is being let in.
    server.refuse = () => (refusals-- > 0 ? 'UNAVAILABLE' : null);
    let breaks = 1;
    server.io.use((socket, next) => (breaks-- > 0 ? void socket.conn.close() : next()));
    server.io.emit('move', { withinMs: 20 });
    await until('what was missed to be there', () => store.seq === 3);
    moments.push('caught up');
    answer();
    expect(await asked).toEqual({ entryId: uuid(7) });
    await until('the old socket to be gone', () => moments.includes('gone 1'));
    clearInterval(watch);
    expect(moments).toEqual(['connected 1', 'connected 2', 'caught up', 'gone 1']);
    expect([...states]).toEqual(['live live']);
    expect(server.subscribes()).toMatchObject([{}, { since: { epoch: 1, seq: 2 } }]);
    expect(server.ops).toHaveLength(1);
  });
});

describe('activity', () => {
  it('is told when it changes, and anew to every new connection while nobody is there', async () => {
    const told: unknown[] = [];
    server.io.on('connection', (socket) => {
      told.push('connected');
      socket.on('activity', (frame: { away: boolean }, ack: (reply: unknown) => void) => {
        told.push(frame.away);
        ack({ ok: true, data: {} });
      });
    });
    hub.setAway(true);
    hub.open();
    await until('it to be told', () => told.length === 2);
    server.io.disconnectSockets(true);
    await until('it to be told again', () => told.length === 4);
    hub.setAway(false);
    await until('the return to be told', () => told.length === 5);
    server.io.disconnectSockets(true);
    await until('the next connection', () => told.length === 6);
    hub.setAway(true);
    await until('one more', () => told.length === 7);
    expect(told).toEqual(['connected', true, 'connected', true, false, 'connected', true]);
  });
});
