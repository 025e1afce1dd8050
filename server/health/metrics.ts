import { Gauge, type Registry } from 'prom-client';
import { diskRoom } from './disk.ts';
import type { HealthWatch } from './HealthWatch.ts';

const values = { ok: 0, warn: 1, fail: 2 } as const;

/** What an alert outside can watch as well. A database that is away leaves the last values. */
export function watchHealth(registry: Registry, of: { readonly watch: HealthWatch; readonly dataDir: string }): void {
  new Gauge({
    name: 'nadi_health',
    help: 'How disk, certificate and backup stand: 0 in order, 1 warning, 2 fault',
    labelNames: ['check'],
    registers: [registry],
    async collect() {
      for (const { _id, level } of await of.watch.states().catch(() => [])) this.set({ check: _id }, values[level]);
    },
  });
  new Gauge({
    name: 'nadi_disk_free_bytes',
    help: 'Room on the disk of the data folder of this hub',
    registers: [registry],
    async collect() {
      const room = await diskRoom(of.dataDir).catch(() => null);
      if (room) this.set(room.freeBytes);
    },
  });
}
