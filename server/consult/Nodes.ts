import { sfuNodeInfo, type SfuNodeInfo } from '../../shared/contract/sfu.ts';
import type { Logger } from '../support/logger.ts';

export interface NodesOptions {
  /** Control addresses of the media nodes. */
  readonly urls: readonly string[];
  readonly secret: string;
  readonly log: Logger;
  readonly now: () => number;
}

/** A media node that answered lately. */
export interface LiveNode {
  readonly control: string;
  readonly info: SfuNodeInfo;
}

const everyMs = 2_000;
/** A node that has not answered for this long has lost its lease: its rooms may be placed elsewhere, ms. */
const leaseMs = 6_000;
const answerMs = 1_500;

/** Knows which media nodes are alive and how loaded, and tells them to close rooms. */
export class Nodes {
  readonly #options: NodesOptions;
  readonly #seen = new Map<string, { info: SfuNodeInfo; at: number }>();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void>;

  constructor(options: NodesOptions) {
    this.#options = options;
    this.#looking = this.#lookAtAll();
    this.#timer = setInterval(() => {
      this.#looking = this.#lookAtAll();
    }, everyMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Nodes within their lease, the least loaded first. */
  live(): LiveNode[] {
    const limit = this.#options.now() - leaseMs;
    return [...this.#seen]
      .filter(([, { at }]) => at > limit)
      .map(([control, { info }]) => ({ control, info }))
      .sort((a, b) => a.info.load - b.info.load);
  }

  /** Where browsers reach the media nodes; null while one of them has never answered. */
  publicUrls(): string[] | null {
    const known = this.#options.urls.map((url) => this.#seen.get(url)?.info.publicUrl);
    const all = known.filter((url) => url !== undefined && URL.canParse(url));
    return all.length === known.length ? all.filter((url) => url !== undefined) : null;
  }

  /** Looks now instead of at the next turn: for a caller who finds nobody alive. */
  async look(): Promise<void> {
    this.#looking = this.#lookAtAll();
    await this.#looking;
  }

  /** Ends a room on its node for everybody. A node that is gone has no room left to end. */
  async closeRoom(control: string, room: string, epoch: number): Promise<void> {
    const response = await this.#fetch(control, `/control/rooms/${room}/close`, { reason: 'ended', epoch });
    if (!response.ok && response.status !== 404) throw new Error(`the media node answered ${response.status}`);
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all(this.#options.urls.map((url) => this.#lookAt(url)));
  }

  async #lookAt(control: string): Promise<void> {
    try {
      const response = await this.#fetch(control, '/control/node');
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.#seen.set(control, { info: sfuNodeInfo.parse(await response.json()), at: this.#options.now() });
    } catch (error) {
      this.#options.log.debug({ err: error, control }, 'media node did not answer');
    }
  }

  async #fetch(control: string, path: string, body?: Record<string, unknown>): Promise<Response> {
    return await fetch(new URL(path, control), {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${this.#options.secret}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(answerMs),
    });
  }
}
