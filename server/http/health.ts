import { Router } from 'express';
import type { Db } from 'mongodb';
import { health, readiness, routes } from '../../shared/contract/routes.ts';
import type { Nodes } from '../consult/Nodes.ts';
import type { Metrics } from '../support/metrics.ts';
import { version } from '../support/version.ts';
import { openApiDocument } from './openapi.ts';

export interface HealthDeps {
  readonly db: Db;
  readonly engine: string;
  readonly nodes: Nodes;
  readonly metrics: Metrics;
  /** False while the hub starts or drains. */
  readonly serving: () => boolean;
}

/** Liveness, readiness, metrics and the OpenAPI document. */
export function healthRoutes(deps: HealthDeps): Router {
  const router = Router();
  const document = openApiDocument();

  router.get(routes.healthz.path, (_request, response) => {
    const nodes = deps.nodes.live();
    const workers = nodes.reduce((sum, node) => sum + node.info.workers.filter((worker) => worker.alive).length, 0);
    const body = {
      status: 'ok',
      version,
      engine: deps.engine,
      redis: 'off',
      sfu: { nodes: nodes.length, workers },
      uptimeSeconds: Math.round(process.uptime()),
    };
    response.json(health.parse(body));
  });

  router.get(routes.readyz.path, async (_request, response) => {
    const database = await pingDatabase(deps.db);
    const nodes = deps.nodes.live().length;
    const checks = {
      database: { ok: database, detail: deps.engine },
      sfu: { ok: nodes > 0, detail: `${nodes} media node${nodes === 1 ? '' : 's'} answering` },
    };
    const ready = deps.serving() && checks.database.ok && checks.sfu.ok;
    response.status(ready ? 200 : 503).json(readiness.parse({ ready, checks }));
  });

  router.get(routes.metrics.path, async (_request, response) => {
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
