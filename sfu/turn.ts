import { createHmac } from 'node:crypto';
import type { z } from 'zod';
import type { iceServer } from '../shared/contract/sfuRtp.ts';

/** TURN servers that share a secret with us. */
export interface TurnConfig {
  /** `turn:` and `turns:` addresses (RFC 7065). */
  readonly urls: readonly string[];
  readonly secret: string;
}

/** How long a client may open relays with its credentials: longer than any consultation, seconds. */
export const turnSeconds = 12 * 3600;

/**
 * Credentials for one seat, good for {@link turnSeconds}, which the TURN server checks without asking anybody: the user name is
 * `end:id`, the password its HMAC-SHA1 under the shared secret (draft-uberti-behave-turn-rest-00; coturn `use-auth-secret`).
 *
 * @param id says nothing about anybody, since TURN servers log it
 * @param now milliseconds since 1970
 */
export function turnServer(turn: TurnConfig, id: string, now: number): z.infer<typeof iceServer> {
  const username = `${Math.floor(now / 1000) + turnSeconds}:${id}`;
  const credential = createHmac('sha1', turn.secret).update(username).digest('base64');
  return { urls: [...turn.urls], username, credential };
}
