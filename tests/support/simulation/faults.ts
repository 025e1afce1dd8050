import type { World } from './simulate.ts';

type Fault = (world: World) => string;

/** What goes wrong, and for how long; everything heals by itself in the end. */
const faults: readonly Fault[] = [
  (world) => {
    const hub = world.random.pick(world.hubs);
    if (!hub) return 'no hub to kill';
    world.killHub(hub);
    world.loop.after(world.random.int(50, 1_500), () => world.bootHub(), 'world');
    return `kill -9 of ${hub.id}`;
  },
  (world) => {
    const ms = world.random.int(200, 4_000);
    world.db.pausedUntil = world.loop.now + ms;
    return `database does not answer for ${ms} ms`;
  },
  (world) => {
    const ms = world.random.int(100, 1_500);
    const share = world.random.pick([0.2, 0.5, 1]) ?? 1;
    const until = world.loop.now + ms;
    world.db.trouble = () => {
      if (world.loop.now >= until || !world.random.chance(share)) return null;
      return world.random.chance(0.5) ? 'lost' : 'refused';
    };
    return `database restarts, ${ms} ms, ${share} of the requests`;
  },
  (world) => {
    const ms = world.random.int(500, 8_000);
    world.switchboard.silentUntil = world.loop.now + ms;
    return `Redis paused for ${ms} ms`;
  },
  (world) => {
    const some = world.clients.filter(() => world.random.chance(0.5));
    for (const client of some) client.cut();
    return `${some.length} connections cut`;
  },
  (world) => {
    const some = world.clients.filter(() => world.random.chance(0.3));
    for (const client of some) client.cut(true);
    return `${some.length} connections half-open`;
  },
];

/** Plans a handful of faults over the first seconds of the run. */
export function disturb(world: World): void {
  const many = world.random.int(0, 5);
  for (let i = 0; i < many; i++) {
    world.loop.after(
      world.random.int(20, 2_500),
      () => {
        const fault = world.random.pick(faults);
        if (fault) world.faults.push(`${world.loop.now % 1_000_000}: ${fault(world)}`);
      },
      'world',
    );
  }
}
