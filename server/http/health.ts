import { Router, type Request } from 'express';
import type { Db } from 'mongodb';
import { AppError } from '../../shared/errors.ts';
import { health, readiness, routes } from '../../shared/contract/routes.ts';
import type { BusState, WatchedBus } from '../hub/Bus.ts';
import type { Nodes } from '../consult/Nodes.ts';
import type { Metrics } from '../support/metrics.ts';
import { version } from '../support/version.ts';
import { mayReadMetrics } from './metricsGuard.ts';
import { openApiDocument } from './openapi.ts';

export interface HealthDeps {
  readonly db: Db;
  readonly engine: string;
  readonly nodes: Nodes;
  readonly metrics: Metrics;
  readonly bus: WatchedBus;
  /** Needed to read the metrics from elsewhere than this machine. */
  readonly metricsToken: string | null;
  /** False while the hub starts or drains. */
  readonly serving: () => boolean;
}

const busWords = {
  off: 'no Redis: hubs hear of each other through the database',
  up: 'Redis',
  down: 'degraded: Redis does not answer, hubs hear of each other through the database',
} as const satisfies Record<BusState, string>;

/** Liveness, readiness, metrics and the OpenAPI document. */
export function healthRoutes(deps: HealthDeps): Router {
  const router = Router();
  const document = openApiDocument();

  // Others learn whether we are there and ready, not what we are made of.
  const tellsAll = (request: Request): boolean => mayReadMetrics(request, deps.metricsToken);

  router.get(routes.healthz.path, (request, response) => {
    const nodes = deps.nodes.live();
    const workers = nodes.reduce((sum, node) => sum + node.info.workers.filter((worker) => worker.alive).length, 0);
    const body = {
      status: 'ok',
      version,
      engine: deps.engine,
      redis: deps.bus.state,
      sfu: { nodes: nodes.length, workers },
      uptimeSeconds: Math.round(process.uptime()),
    };
    response.json(tellsAll(request) ? health.parse(body) : routes.healthz.output.parse({ status: body.status }));
  });

  router.get(routes.readyz.path, async (request, response) => {
    const database = await pingDatabase(deps.db);
    const nodes = deps.nodes.live().length;
    const checks = {
      database: { ok: database, detail: deps.engine },
      sfu: { ok: nodes > 0, detail: `${nodes} media node${nodes === 1 ? '' : 's'} answering` },
      bus: { ok: deps.bus.state !== 'down', detail: busWords[deps.bus.state] },
    };
    // Without the bus a hub is slower to hear of the others, and still right: that is no reason to take it out.
    const ready = deps.serving() && checks.database.ok && checks.sfu.ok;
    const body = tellsAll(request) ? readiness.parse({ ready, checks }) : routes.readyz.output.parse({ ready });
    response.status(ready ? 200 : 503).json(body);
  });

  router.get(routes.metrics.path, async (request, response) => {
    if (!mayReadMetrics(request, deps.metricsToken)) throw new AppError('UNAUTHENTICATED', 'metrics need their token');
    response.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics());
  });

  router.get(routes.openapi.path, (_request, response) => {
    response.json(document);
  });
  return router;
}

async function pingDatabase(db: Db): Promise<boolean> {
  try {
    await db.command({ ping: 1 }, { timeoutMS: 2_000 });
    return true;
  } catch {
    return false;
  }
}
