import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Of people who share a browser; the oldest falls out. */
const mostKept = 12;
const tagBytes = 12;
const shape = /^[\w-]{22}(\.[\w-]{16}){0,12}$/;

/**
 * What a browser keeps, signed, of who signed in on it: an id of its own, and a tag for each name (account, address, number) made of both.
 * It lets nobody in. It tells the owner's browser from a stranger's: whose tries count where, and which sign-in is worth a message.
 */
export class DeviceBook {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = createHmac('sha256', secret).update('nadi device v1').digest();
  }

  /** The browser's id when `name` signed in on it before, else null. */
  knows(token: string | undefined, name: string): string | null {
    const read = parse(token);
    if (!read) return null;
    const wanted = Buffer.from(this.#tag(read.id, name));
    return read.tags.some((tag) => timingSafeEqual(Buffer.from(tag), wanted)) ? read.id : null;
  }

  /** The token with these names in it, the newest first. */
  remember(token: string | undefined, names: readonly string[]): string {
    const { id, tags } = parse(token) ?? { id: randomBytes(16).toString('base64url'), tags: [] };
    const fresh = names.map((name) => this.#tag(id, name));
    return [id, ...new Set([...fresh, ...tags])].slice(0, 1 + mostKept).join('.');
  }

  #tag(id: string, name: string): string {
    return createHmac('sha256', this.#key)
      .update(`${id}\n${name}`)
      .digest()
      .subarray(0, tagBytes)
      .toString('base64url');
  }
}

function parse(token: string | undefined): { id: string; tags: string[] } | null {
  if (token === undefined || !shape.test(token)) return null;
  const [id = '', ...tags] = token.split('.');
  return { id, tags };
}
