import type { Device } from '../../shared/contract/access.ts';
import type { InputOf, OperationName, OutputOf } from '../../shared/contract/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Access } from '../store/Access.ts';

/** The HTTP side of a call, for sign-in operations: the refresh cookie and what it is kept on. */
export interface CookieJar {
  readonly refreshToken: string | undefined;
  readonly device: Device;
  /** What this browser keeps of who signed in on it. */
  readonly deviceToken: string | undefined;
  /** Null clears it. */
  setRefreshToken(token: string | null): void;
  setDeviceToken(token: string): void;
}

/** What a handler knows of its call beside the parsed input. */
export interface CallContext {
  readonly traceId: string;
  /** Never empty for a command: made up when the caller sent none. */
  readonly requestId: string;
  readonly address: string;
  readonly actor: Access | null;
  readonly cookies: CookieJar | null;
}

/** The signed-in actor. The door has refused everybody else already, so a miss here is our bug. */
export function actorOf(context: CallContext): Access {
  if (!context.actor) throw new AppError('UNAUTHENTICATED', 'sign in first');
  return context.actor;
}

export function cookiesOf(context: CallContext): CookieJar {
  if (!context.cookies) throw new AppError('INVALID_INPUT', 'this operation needs HTTP');
  return context.cookies;
}

/** Declared as a method, so that the door can hold all handlers in one table; it parses the input before it calls. */
type Handler<I, O> = { handle(context: CallContext, input: I): Promise<O> }['handle'];

/** One line per operation, onto a use case. Each feature brings its own part; together they must cover the contract. */
export type Handlers = { readonly [N in OperationName]: Handler<InputOf<N>, OutputOf<N>> };
export type HandlersOf<P extends string> = Pick<Handlers, Extract<OperationName, `${P}.${string}`>>;
