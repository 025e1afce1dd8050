import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The hub's Prometheus metrics. Labels are operation names and codes, never people. */
export class Metrics {
  readonly registry = new Registry();
  readonly operations = new Counter({
    name: 'nadi_operations_total',
    help: 'Operations by name, transport and outcome code',
    labelNames: ['operation', 'transport', 'code'],
    registers: [this.registry],
  });
  readonly operationSeconds = new Histogram({
    name: 'nadi_operation_seconds',
    help: 'Time from door to reply',
    labelNames: ['operation'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });
  readonly sockets = new Gauge({ name: 'nadi_sockets', help: 'Connected sockets', registers: [this.registry] });
  readonly committed = new Counter({
    name: 'nadi_stream_events_total',
    help: 'Events committed by this hub',
    labelNames: ['stream'],
    registers: [this.registry],
  });
  readonly conflicts = new Counter({
    name: 'nadi_stream_conflicts_total',
    help: 'Appends that lost to another hub and were decided again',
    registers: [this.registry],
  });
  readonly deliveries = new Counter({
    name: 'nadi_deliveries_total',
    help: 'Frames emitted, by channel (one per room, not per socket)',
    labelNames: ['channel'],
    registers: [this.registry],
  });
  readonly effects = new Counter({
    name: 'nadi_effects_total',
    help: 'Side effects by kind and outcome',
    labelNames: ['kind', 'outcome'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}
