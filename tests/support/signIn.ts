import { parseOutput, pathOf, type CallOf, type OperationName, type OutputOf } from '../../shared/contract/index.ts';
import { reply as replySchema, type Reply } from '../../shared/contract/wire.ts';
import { toError } from './TestClient.ts';

/** A browser that signs in: keeps its cookies, knows nothing else. */
export class TestBrowser {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();
  /** Access token to call with, if any. */
  token: string | null = null;

  constructor(url: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#url = url;
    for (const [name, value] of cookies) this.#cookies.set(name, value);
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies;
  }

  /** The same browser at another hub. */
  at(url: string): TestBrowser {
    return new TestBrowser(url, this.#cookies);
  }

  /** One operation over HTTP; the reply as it is, with its `Retry-After`. */
  async post(name: OperationName, input: object): Promise<{ reply: Reply; retryAfter: string | null }> {
    const response = await fetch(`${this.#url}${pathOf(name)}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        cookie: [...this.#cookies].map(([key, value]) => `${key}=${value}`).join('; '),
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify(input),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies.set(key, value);
    }
    return { reply: replySchema.parse(await response.json()), retryAfter: response.headers.get('retry-after') };
  }

  /** One operation; its data, or the coded error thrown. */
  async call<N extends OperationName>(name: N, input: CallOf<N>): Promise<OutputOf<N>> {
    const { reply } = await this.post(name, input);
    if (!reply.ok) throw toError(reply);
    return parseOutput(name, reply.data);
  }

  /** `OK` or the code of the refusal. */
  async codeOf<N extends OperationName>(name: N, input: CallOf<N>): Promise<string> {
    const { reply } = await this.post(name, input);
    return reply.ok ? 'OK' : reply.error.code;
  }
}
