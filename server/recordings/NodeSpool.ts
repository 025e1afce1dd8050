import { spooledRecordings, storedResult, type SpooledRecording } from '../../shared/contract/sfuRecording.ts';

const answerMs = 5_000;
/** A transfer that stands still is taken up again from where it broke, so often. */
const tries = 5;

/** The recordings that wait on one media node. */
export class NodeSpool {
  readonly #control: string;
  readonly #secret: string;

  constructor(control: string, secret: string) {
    this.#control = control;
    this.#secret = secret;
  }

  async list(): Promise<SpooledRecording[]> {
    const response = await this.#ask('/control/recordings', { signal: AbortSignal.timeout(answerMs) });
    return spooledRecordings.parse(await response.json()).recordings;
  }

  /** The whole file; after a broken connection it goes on from the byte that came last. */
  async *content({ id, bytes }: SpooledRecording): AsyncGenerator<Buffer, void, undefined> {
    let received = 0;
    for (let attempt = 1; received < bytes; attempt++) {
      try {
        const response = await this.#ask(`/control/recordings/${id}?from=${received}`);
        for await (const piece of response.body ?? []) {
          const part = Buffer.from(piece);
          received += part.length;
          yield part;
        }
        if (received < bytes) throw new Error('the media node sent less than it has');
      } catch (error) {
        if (attempt >= tries) throw error;
      }
    }
  }

  /** Lets the node remove what is stored here. */
  async stored(id: string, bytes: number, sha256: string): Promise<void> {
    const response = await this.#ask(`/control/recordings/${id}/stored`, {
      method: 'POST',
      body: JSON.stringify({ bytes, sha256 }),
      signal: AbortSignal.timeout(answerMs),
    });
    storedResult.parse(await response.json());
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#secret}`, 'content-type': 'application/json' };
    const response = await fetch(new URL(path, this.#control), { ...init, headers });
    if (!response.ok) throw new Error(`the media node answered ${response.status}`);
    return response;
  }
}
