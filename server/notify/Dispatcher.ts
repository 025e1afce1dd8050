import { Breaker } from '../gateways/Breaker.ts';
import type { Outcome } from '../gateways/types.ts';
import type { Logger } from '../support/logger.ts';
import { leaseMs, type Deliveries } from './Deliveries.ts';
import type { DeliveryDoc } from './documents.ts';
import type { FactFinder } from './FactFinder.ts';
import type { Sender } from './Sender.ts';

export interface DispatcherDeps {
  readonly deliveries: Deliveries;
  readonly sender: Sender;
  readonly facts: FactFinder;
  readonly log: Logger;
  readonly now: () => number;
  readonly onOutcome: (one: DeliveryDoc, outcome: Outcome['kind']) => void;
}

/** How many messages this hub sends at a time, and of one channel: a slow provider must not hold up the others. */
const together = 24;
const togetherPerChannel = 8;

/** Sends what is due: at once when woken, again after its delay, and by a job for those whose process died. */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #breaker = new Breaker();
  readonly #sending = new Map<string, { channel: string; work: Promise<void> }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #looking: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    deps.deliveries.wakes(() => this.kick());
  }

  /** Looks for what is due, soon; does not wait. */
  kick(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'outbox not read; the job tries again'))
      .finally(() => {
        this.#looking = null;
        if (this.#again) this.kick();
      });
  }

  /** Takes no more, and waits for what is being sent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#looking;
    await Promise.allSettled([...this.#sending.values()].map((one) => one.work));
  }

  async #look(): Promise<void> {
    this.#again = false;
    for (const one of await this.#deps.deliveries.due(together * 4)) {
      if (this.#stopped || this.#sending.size >= together) return;
      const sameChannel = [...this.#sending.values()].filter((other) => other.channel === one.channel).length;
      if (this.#sending.has(one._id) || sameChannel >= togetherPerChannel) continue;
      const work = this.#serve(one)
        .catch((error: unknown) => this.#deps.log.error({ err: error, delivery: one._id }, 'delivery not noted'))
        .finally(() => {
          this.#sending.delete(one._id);
          // There may be more than fitted in.
          this.kick();
        });
      this.#sending.set(one._id, { channel: one.channel, work });
    }
  }

  async #serve(found: DeliveryDoc): Promise<void> {
    const { deliveries, sender, facts, now, onOutcome } = this.#deps;
    const provider = await sender.provider(found);
    const opensAt = this.#breaker.opensAt(provider, now());
    if (found.state === 'pending' && opensAt > 0) {
      await deliveries.postpone(found, opensAt);
      return this.#later(opensAt);
    }
    const one = await deliveries.claim(found);
    if (!one) return;
    if (now() >= one.expiresAt) return await deliveries.drop(one, 'too-late');
    // Whoever claimed it before is gone. A push replaces itself; of anything else nobody knows whether it went out.
    if (found.state === 'sending' && one.channel !== 'push' && !one.urgent) {
      onOutcome(one, 'unknown');
      return await deliveries.lost(one);
    }
    const stale = await facts.stale(one);
    if (stale !== null) return await deliveries.drop(one, stale);
    const outcome = await this.#send(one);
    if (outcome.kind === 'sent' || outcome.kind === 'refused') this.#breaker.succeeded(provider);
    else this.#breaker.failed(provider, now());
    onOutcome(one, outcome.kind);
    const again = await deliveries.note(one, outcome);
    if (again !== null) this.#later(again);
  }

  async #send(one: DeliveryDoc): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Outcome>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'unknown', reason: 'timeout' }), leaseMs * 0.8);
    });
    const sent = this.#deps.sender.send(one).catch((error: unknown): Outcome => {
      // Our own fault (the database, a template): nothing was handed over.
      this.#deps.log.error({ err: error, delivery: one._id }, 'message not written');
      return { kind: 'retry', reason: 'not-written' };
    });
    return await Promise.race([sent, late]).finally(() => clearTimeout(timer));
  }

  #later(at: number): void {
    if (this.#stopped) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.kick();
      },
      Math.max(1, at - this.#deps.now()),
    );
    timer.unref();
    this.#timers.add(timer);
  }
}
