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
  readonly slowReaders = new Counter({
    name: 'nadi_slow_readers_total',
    help: 'Sockets that fell behind, caught up, or were cut because too much waited for them',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly effects = new Counter({
    name: 'nadi_effects_total',
    help: 'Side effects by kind and outcome',
    labelNames: ['kind', 'outcome'],
    registers: [this.registry],
  });

  readonly busMessages = new Counter({
    name: 'nadi_bus_messages_total',
    help: 'Messages between hubs: sent, heard, or dropped because the bus was down or full',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly messages = new Counter({
    name: 'nadi_messages_total',
    help: 'Messages handed to providers (mail, SMS, push, Telegram) by outcome',
    labelNames: ['channel', 'outcome'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Shows whether messages between hubs pass. */
  watchBus(isUp: () => boolean): void {
    new Gauge({
      name: 'nadi_bus_up',
      help: '1 while messages between hubs pass, 0 while only the database connects them',
      registers: [this.registry],
      collect() {
        this.set(isUp() ? 1 : 0);
      },
    });
  }
}
