import { DEFAULT_POLICY, type RestartPolicy } from './backoff.ts';
import { ServiceProcess, type ServiceSpec } from './ServiceProcess.ts';

export interface SupervisorOptions {
  /** One line of output of a service. */
  onLine: (name: string, line: string) => void;
  /** Deaths, restarts and forced ends, in words. */
  onNote: (name: string, note: string) => void;
  policy?: RestartPolicy;
  /** In [0, 1). */
  random?: () => number;
}

export interface Supervisor {
  /** Starts a service and keeps it alive. */
  start(spec: ServiceSpec): ServiceProcess;
  /** Stops all services, the last started first, each with its own deadline. Safe to call twice. */
  stop(): Promise<void>;
  /** Settles with the reason when a service died too often. */
  readonly gaveUp: Promise<string>;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { policy = DEFAULT_POLICY, random = Math.random, onLine, onNote } = options;
  const services: ServiceProcess[] = [];
  const { promise: gaveUp, resolve: giveUp } = resolvable<string>();
  let stopped: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (const service of services.toReversed()) await service.stop();
  }

  return {
    gaveUp,
    start(spec) {
      const events = { line: onLine, note: onNote, gaveUp: (name: string, why: string) => giveUp(`${name}: ${why}`) };
      const service = new ServiceProcess(spec, policy, events, random);
      services.push(service);
      if (!stopped) service.start();
      return service;
    },
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
  };
}

function resolvable<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let settle: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, resolve: settle };
}
