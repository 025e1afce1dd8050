import { fail, ok, skipped, together, warn, type Check, type Outcome } from '../check.ts';
import { hubConfig } from '../context.ts';
import { nodesOf, type AskedNode } from '../support/nodes.ts';

export const mediaNodes: Check = {
  id: 'media-nodes',
  title: 'Media nodes',
  run: async (context) => {
    hubConfig(context);
    const nodes = await nodesOf(context);
    if (nodes.length === 0) return fail('none: there are no video calls', 'Set NADI_SFU_NODES.');
    if (context.embedded && context.running === null && nodes.every((one) => one.info === null)) {
      return skipped('nothing is running');
    }
    return together(nodes.map(judge));
  },
};

function judge({ control, info, problem }: AskedNode): Outcome {
  if (info === null) {
    return fail(
      `${control} does not answer the hub: ${problem ?? 'no answer'}`,
      'Start it, and give hub and node the same NADI_SFU_SECRET.',
    );
  }
  const alive = info.workers.filter((worker) => worker.alive).length;
  if (!info.accepting) return fail(`${control} takes no calls (${alive} workers alive)`, 'See its log; restart it.');
  if (alive < info.workers.length) {
    return warn(`${control}: ${alive} of ${info.workers.length} workers alive`, 'See its log: why do they die?');
  }
  return ok(`${control} answers, ${alive} ${alive === 1 ? 'worker' : 'workers'}`);
}
