import type { ChannelSource } from '../../../server/hub/channels.ts';
import type { StreamsOf } from '../../../server/store/streams/index.ts';
import type { Doc } from '../../../server/store/mongo.ts';
import type { QueueEvent, QueueState } from '../../../shared/state/queue.ts';
import { patients, sessions } from './people.ts';
import type { Mutation, World } from './simulate.ts';

/** One bug each, put in at a seam; every one must be found by the checker, and by what it breaks. */
export interface Planted extends Mutation {
  readonly name: string;
  /** What the checker says about it. */
  readonly says: RegExp;
}

/** The database breaks often enough that answers get lost. */
const shaky = (world: World): void => {
  const { loop, random, db } = world;
  for (let ms = 200; ms < 2_500; ms += 400) {
    loop.after(
      ms,
      () => {
        const until = loop.now + 150;
        db.trouble = () => (loop.now < until && random.chance(0.5) ? 'lost' : null);
      },
      'world',
    );
  }
};

const nth = (n: number): (() => boolean) => {
  let count = 0;
  return () => ++count === n;
};

function tampering(change: (docs: readonly Doc[]) => readonly Doc[]): (world: World) => void {
  return (world) => {
    const now = nth(5);
    world.db.tamper = (docs) => (now() ? change(docs) : docs);
  };
}

/** Shows commands a queue in which nobody is at the desk. */
function blind(queues: StreamsOf<QueueState, QueueEvent>): StreamsOf<QueueState, QueueEvent> {
  const free = (state: QueueState): QueueState => ({
    ...state,
    entries: Object.fromEntries(
      Object.values(state.entries).map((entry) => [
        entry.id,
        entry.state === 'called' ? { ...entry, state: 'skipped' as const } : entry,
      ]),
    ),
  });
  return {
    ...queues,
    command: (key, command, decide) =>
      queues.command(key, command, (state, at) => {
        const real = (): ReturnType<typeof decide> => decide(state, at);
        try {
          const decision = decide(free(state), at);
          return decision.type === 'called' ? decision : real();
        } catch {
          return real();
        }
      }),
  };
}

/** Answers with the snapshot that was asked for before. */
function stale(source: ChannelSource): ChannelSource {
  const before = new Map<string, Awaited<ReturnType<ChannelSource['current']>>>();
  return {
    ...source,
    current: async (key, since, join) => {
      const now = await source.current(key, undefined, join);
      const old = before.get(key) ?? now;
      before.set(key, now);
      return since ? old : now;
    },
  };
}

export const planted: readonly Planted[] = [
  {
    name: 'duplicate append: the driver repeats a write whose answer got lost',
    says: /was appended twice/,
    plant: (world) => {
      shaky(world);
      world.db.retriesBlindly = true;
    },
  },
  {
    name: 'lost effect: noted as done and never carried out',
    says: /its place is held|has no room|encounters for/,
    seams: {
      effect: (kind, handler) => (kind === 'place.release' ? async () => undefined : handler),
    },
  },
  {
    name: 'wrong audience: a patient’s socket stands in a desk’s room',
    says: /was told about queue:.*not for them/,
    plant: (world) => {
      const mine = patients[0]?.account.email;
      const look = (): void => {
        for (const hub of world.hubs) {
          const socket = hub.io.connected.find(({ id }) => id.startsWith(`${mine}#`));
          socket?.join(`queue:${sessions[0]}`);
        }
        world.loop.after(50, look, 'world');
      };
      look();
    },
  },
  {
    name: 'reorder: events of a batch change places on their way out',
    says: /applied where \d+ belongs/,
    plant: (world) => {
      world.onFrame = (frame) => {
        const { events } = frame.data as { events?: unknown[] };
        return frame.event === 'batch' && events && events.length > 1
          ? { ...frame, data: { ...(frame.data as object), events: events.toReversed() } }
          : frame;
      };
    },
  },
  {
    name: 'reorder: an acknowledged command lands behind a later one',
    says: /and stands at|acknowledged as \d+, stored as \d+/,
    plant: (world) => {
      // Two neighbours of a queue change places after both were acknowledged.
      world.loop.after(1_500, () => swapNeighbours(world), 'world');
    },
  },
  {
    name: 'skipped seq: a number is left out',
    says: /stands where \d+ belongs/,
    plant: tampering((docs) =>
      docs.map((doc) => {
        const seq = Number(doc['seq']) + 1;
        return { ...doc, seq, _id: `${doc._id.slice(0, -10)}${String(seq).padStart(10, '0')}` };
      }),
    ),
  },
  {
    name: 'stale snapshot: who comes back gets what somebody got before',
    says: /stands at \d+ of \d+|differs from the server/,
    seams: { queueSource: stale },
    plant: (world) => {
      world.loop.after(1_200, () => world.clients.forEach((client) => client.cut()), 'world');
    },
  },
  {
    name: 'double call: the desk calls while somebody is called',
    says: /while somebody is at the desk/,
    seams: { queues: blind },
  },
  {
    name: 'lost acknowledgement: asked anew instead of again',
    says: /a command nobody sent/,
    forgetsRequestIds: true,
    plant: shaky,
  },
  {
    name: 'lost write: acknowledged and not stored',
    says: /acknowledged, and 0 times in the log/,
    plant: (world) => {
      const now = nth(8);
      world.db.forgets = () => now();
    },
  },
];

function swapNeighbours(world: World): void {
  const table = world.db.table('events');
  const own = [...table.values()].filter((doc) => doc['stream'] === `queue:${sessions[0]}`);
  const sorted = own.sort((a, b) => Number(a['seq']) - Number(b['seq']));
  const [a, b] = [sorted.at(-3), sorted.at(-2)];
  if (!a || !b) return;
  const place = ({ _id, seq, at }: Doc): Partial<Doc> => ({ _id, seq, at });
  table.set(a._id, { ...b, ...place(a), _id: a._id });
  table.set(b._id, { ...a, ...place(b), _id: b._id });
}
