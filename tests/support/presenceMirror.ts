import { isNewer, type Revision } from '../../shared/contract/wire.ts';
import { patched } from '../../shared/state/presence.ts';
import type { TestClient } from './TestClient.ts';
import { until } from './until.ts';

/** A presence view as a client holds it: what it got on subscribing and every difference since, each on the one before. */
export class PresenceMirror {
  readonly #client: TestClient;
  readonly #channel: string;
  readonly #key: string;
  #start: { state: Record<string, unknown>; rev: Revision } = { state: {}, rev: [0, 0, 0] };

  private constructor(client: TestClient, channel: string, key: string) {
    [this.#client, this.#channel, this.#key] = [client, channel, key];
  }

  static async of(client: TestClient, channel: 'presence' | 'queuePresence', key: string): Promise<PresenceMirror> {
    const mirror = new PresenceMirror(client, channel, key);
    const start = await client.subscribe(channel, key);
    if (start.kind !== 'view') throw new Error('a view was expected');
    mirror.#start = { state: Object.fromEntries(Object.entries(start.state ?? {})), rev: start.rev };
    return mirror;
  }

  /** Differences that came so far. */
  get frames() {
    const { rev } = this.#start;
    return this.#client.patches.filter(
      (one) => one.channel === this.#channel && one.key === this.#key && isNewer(one.rev, rev),
    );
  }

  get state(): Record<string, unknown> {
    let { state, rev } = this.#start;
    for (const frame of this.frames) {
      if (String(frame.from) !== String(rev))
        throw new Error(`differences from ${String(frame.from)} on ${String(rev)}`);
      state = patched(state, frame);
      rev = frame.rev;
    }
    return state;
  }

  /** Waits until somebody is shown like that; `undefined` is offline. */
  async shows(id: string, presence: string | undefined, timeoutMs = 10_000): Promise<void> {
    const what = `${presence ?? 'offline'} to be shown of ${id}`;
    await until(what, () => this.state[id] === presence, { timeoutMs });
  }
}
