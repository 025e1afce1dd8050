import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { Server, Socket } from 'socket.io';
import { readAuditKey } from '../../../server/audit/chain.ts';
import { registerConsultEffects } from '../../../server/consult/effects.ts';
import type { Nodes } from '../../../server/consult/Nodes.ts';
import { ConsultService } from '../../../server/consult/service.ts';
import type { Bus, BusMessage } from '../../../server/hub/Bus.ts';
import type { ChannelSource, ChannelSources } from '../../../server/hub/channels.ts';
import type { Handlers } from '../../../server/hub/context.ts';
import { News } from '../../../server/hub/news.ts';
import { Door } from '../../../server/hub/operate.ts';
import { Publisher } from '../../../server/hub/publish.ts';
import { slowReaderLimits } from '../../../server/hub/SlowReaders.ts';
import type { RateLimits } from '../../../server/hub/rateLimits.ts';
import { Subscriptions } from '../../../server/hub/Subscriptions.ts';
import type { PatientKeys } from '../../../server/keys/PatientKeys.ts';
import { buildQueue } from '../../../server/queue/build.ts';
import { queueKind } from '../../../server/queue/kind.ts';
import { QueueViews } from '../../../server/queue/QueueViews.ts';
import { AuditLog } from '../../../server/store/Audit.ts';
import { Effects, type EffectHandler } from '../../../server/store/Effects.ts';
import type { Account } from '../../../server/store/entities.ts';
import { createRepos } from '../../../server/store/Repos.ts';
import { Requests } from '../../../server/store/requests.ts';
import { Streams, type StreamsOf } from '../../../server/store/streams/index.ts';
import type { Logger } from '../../../server/support/logger.ts';
import { Metrics } from '../../../server/support/metrics.ts';
import { opFrame, type Reply } from '../../../shared/contract/wire.ts';
import type { QueueEvent, QueueState } from '../../../shared/state/queue.ts';
import type { Loop } from './Loop.ts';
import type { MemoryDb } from './MemoryDb.ts';
import { FakeIo, type FakeSocket } from './FakeIo.ts';
import type { Switchboard } from './Switchboard.ts';

const metrics = new Metrics();
const grantKey = createPrivateKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
/** Sealing has its own tests; here one key does for everybody. */
const oneKey = async (): Promise<Buffer> => Buffer.alloc(32, 1);
const keys = { keyOf: oneKey, keyIfAny: oneKey } as unknown as PatientKeys;
const signer = readAuditKey(
  generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
);
const tailMs = 2_000;
const sweepMs = 5_000;

/** Where planted bugs are put in; each has the shape of what it replaces. */
export interface Seams {
  readonly effect?: (kind: string, handler: EffectHandler) => EffectHandler;
  readonly queues?: (queues: StreamsOf<QueueState, QueueEvent>) => StreamsOf<QueueState, QueueEvent>;
  readonly queueSource?: (source: ChannelSource) => ChannelSource;
}

export interface SimHubDeps {
  readonly id: string;
  readonly loop: Loop;
  readonly db: MemoryDb;
  readonly switchboard: Switchboard;
  readonly seams: Seams;
  /** Something that must never happen: a bug that no client would see. */
  readonly onFault: (what: string) => void;
}

/** A hub as the real one is put together, without sockets, Redis and jobs: those are played by the world around it. */
export class SimHub {
  readonly id: string;
  readonly io = new FakeIo();
  readonly views: QueueViews;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly #deps: SimHubDeps;
  readonly #door: Door;
  readonly #subscriptions: (socket: FakeSocket) => Subscriptions;
  readonly #open = new Map<string, Subscriptions>();

  constructor(deps: SimHubDeps) {
    this.#deps = deps;
    const { id, loop, seams } = deps;
    this.id = id;
    const db = deps.db.driver(id);
    const now = (): number => loop.now;
    const log = silent((text) => deps.onFault(`${id}: ${text}`));
    const repos = createRepos(db, keys);
    const audit = new AuditLog({ db, now, signer, process: { hub: id, version: '0.0.0' } });
    const access = { repos, audit };
    const news = new News(this.#bus());
    const streams = new Streams({
      db,
      hub: id,
      now,
      onAppend: (stream, epoch, seq) => news.tell('appended', { stream, epoch, seq }),
      onListenerError: (error) => deps.onFault(`${id}: a commit listener failed: ${String(error)}`),
    });
    const effects = new Effects({ db, now, log });
    const own = effects.on.bind(effects);
    effects.on = (kind, handler) => own(kind, seams.effect?.(kind, handler) ?? handler);
    streams.drainWith((events) => effects.drain(events));
    const queues = streams.of(queueKind);
    this.queues = seams.queues?.(queues) ?? queues;
    const publisher = new Publisher(this.io as unknown as Server, metrics, { ...slowReaderLimits, everyMs: 3_600_000 });
    this.views = new QueueViews({ repos, queues: this.queues, now });
    const about = { repos, queues: this.queues, publisher, news, effects, log, now };
    const feature = buildQueue({ ...about, secret: 'simulated', publicUrl: null });
    const nodes = { live: () => [] } as unknown as Nodes;
    registerConsultEffects(effects, new ConsultService({ repos, queues: this.queues, nodes, grantKey, now }));
    const rateLimits = { address: async () => undefined, account: async () => undefined } as unknown as RateLimits;
    const handlers = feature.handlers as unknown as Handlers;
    const onCommand = (): void => undefined;
    this.#door = new Door(handlers, { access, requests: new Requests(db, now), rateLimits, metrics, log, onCommand });
    const queue = seams.queueSource?.(feature.sources.queue) ?? feature.sources.queue;
    const sources = { ...feature.sources, queue } as unknown as ChannelSources;
    this.#subscriptions = (socket) => new Subscriptions(socket as unknown as Socket, { sources, access, publisher });

    news.hear('appended', ({ stream, seq }) => void streams.hear(stream, seq).catch(() => undefined));
    let readAt = loop.now;
    const tail = async (): Promise<void> => {
      const at = loop.now;
      await streams.readTails(readAt - 60_000).then(
        () => (readAt = at),
        () => undefined,
      );
      loop.after(tailMs, () => void tail(), id);
    };
    loop.after(tailMs, () => void tail(), id);
    const sweep = async (): Promise<void> => {
      await feature.places.finishJoins().catch(() => undefined);
      await effects.sweep().catch(() => undefined);
      loop.after(sweepMs, () => void sweep(), id);
    };
    loop.after(loop.random.int(0, sweepMs), () => void sweep(), id);
  }

  /** A client's socket came in. */
  admit(socket: FakeSocket): void {
    this.io.admit(socket);
    this.#open.set(socket.id, this.#subscriptions(socket));
  }

  /** The hub has noticed that it is gone. */
  dropped(socket: FakeSocket, account: Account): void {
    this.io.drop(socket);
    const subscriptions = this.#open.get(socket.id);
    this.#open.delete(socket.id);
    void subscriptions?.end({ account, sid: socket.id }, 'trace').catch(() => undefined);
  }

  /** What the socket door does with a frame, and the answer. */
  async answer(socket: FakeSocket, account: Account, event: 'op' | 'subscribe', payload: unknown): Promise<Reply> {
    const actor = { account, sid: socket.id };
    try {
      if (event === 'op') {
        const { name, input, requestId } = opFrame.parse(payload);
        const transport = 'socket' as const;
        const call = { name, input, requestId, transport, address: '', bytes: 0, cookies: null };
        return await this.#door.operate({ ...call, authenticate: async () => actor });
      }
      const subscriptions = this.#open.get(socket.id);
      if (!subscriptions) throw new Error('the socket is gone');
      return { ok: true, data: await subscriptions.subscribe(actor, payload, 'trace') };
    } catch (error) {
      return this.#door.failure(error, 'trace', event);
    }
  }

  #bus(): Bus {
    const { switchboard } = this.#deps;
    return {
      send: (topic: string, message: BusMessage) => switchboard.send(this.id, topic, message),
      on: (topic, listener) => switchboard.on(this.id, topic, listener),
      close: () => Promise.resolve(),
    };
  }
}

/** What is logged as an unexpected failure is a finding; that the database was away is not. */
function silent(onError: (text: string) => void): Logger {
  const nothing = (): undefined => undefined;
  const error = (what: { err?: unknown }, text: string): void => {
    const name = what.err instanceof Error ? what.err.name : '';
    if (!name.startsWith('Mongo')) onError(`${text}: ${String(what.err)}`);
  };
  return { debug: nothing, info: nothing, warn: nothing, error } as unknown as Logger;
}
