import { z } from 'zod';
import { isOperationName, operationOf, type OperationName } from '../../shared/contract/index.ts';
import { requestId as requestIdSchema, type Reply } from '../../shared/contract/wire.ts';
import type { Operation, RateClass } from '../../shared/contract/define.ts';
import { AppError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { hasRole, mayUse, type Role } from '../../shared/permissions.ts';
import { Access, type AccessDeps, type Actor } from '../store/Access.ts';
import type { AuditSubject } from '../store/Audit.ts';
import { isDatabaseFailure } from '../store/mongo.ts';
import type { Requests } from '../store/requests.ts';
import { newId } from '../support/ids.ts';
import type { Logger } from '../support/logger.ts';
import type { Metrics } from '../support/metrics.ts';
import type { CallContext, CookieJar, Handlers } from './context.ts';
import type { RateLimits } from './rateLimits.ts';
import { visitor } from './visitors.ts';

/** An operation as it arrives, from either transport. */
export interface Call {
  readonly name: string;
  readonly input: unknown;
  readonly requestId: string | undefined;
  readonly transport: 'http' | 'socket';
  readonly address: string;
  /** Size of the request, bytes. */
  readonly bytes: number;
  readonly cookies: CookieJar | null;
  /** Finds out who calls; called after the address limit. */
  authenticate(): Promise<Actor | null>;
}

export interface OperateDeps {
  readonly access: AccessDeps;
  readonly requests: Requests;
  readonly rateLimits: RateLimits;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Somebody did something by hand: what only a page does by itself is not audited. */
  readonly onCommand: (actor: Actor) => void;
}

const subjectOf = z.object({
  entryId: z.string().optional(),
  threadId: z.string().optional(),
  sessionId: z.string().optional(),
  patientId: z.string().optional(),
});

type AnyHandler = { handle(context: CallContext, input: unknown): Promise<unknown> }['handle'];

/** The one door in: every operation of either transport takes the same steps, in this order. */
export class Door {
  readonly #deps: OperateDeps;
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  #underWay = 0;

  constructor(handlers: Handlers, deps: OperateDeps) {
    this.#deps = deps;
    this.#handlers = new Map<string, AnyHandler>(Object.entries(handlers));
  }

  /** Resolves when nothing is under way any more, at the latest after `withinMs`. */
  async settled(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.#underWay > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Never throws: every failure is a coded reply with a trace id. */
  async operate(call: Call): Promise<Reply> {
    const traceId = newId();
    const started = performance.now();
    this.#underWay += 1;
    let code = 'OK';
    const known = isOperationName(call.name) ? call.name : null;
    try {
      const reply = await this.#steps(call, known, traceId);
      if (!reply.ok) code = reply.error.code;
      return reply;
    } catch (error) {
      const failed = this.failure(error, traceId, call.name);
      code = failed.ok ? 'OK' : failed.error.code;
      return failed;
    } finally {
      this.#underWay -= 1;
      const label = known ?? 'unknown';
      this.#deps.metrics.operations.inc({ operation: label, transport: call.transport, code });
      this.#deps.metrics.operationSeconds.observe({ operation: label }, (performance.now() - started) / 1000);
    }
  }

  /** The coded reply for anything thrown. What we did not expect is logged and leaves as INTERNAL, without its text. */
  failure(error: unknown, traceId: string, what: string): Reply {
    if (error instanceof AppError) {
      const { code, message, details } = error;
      if (code === 'INTERNAL') this.#deps.log.error({ err: error, traceId, what }, 'failed');
      if (code === 'UNAVAILABLE') this.#deps.log.warn({ reason: message, traceId, what }, 'not available');
      return { ok: false, error: { code, message, traceId, ...(details ? { details } : {}) } };
    }
    this.#deps.log.error({ err: error, traceId, what }, 'unexpected failure');
    return {
      ok: false,
      error: isDatabaseFailure(error)
        ? { code: 'UNAVAILABLE', message: 'the database did not answer', traceId }
        : { code: 'INTERNAL', message: 'something went wrong on our side', traceId },
    };
  }

  /**
   * The same first steps for a route that is no operation (files): address limit, who it is, role, account limit.
   * @throws AppError RATE_LIMITED, UNAUTHENTICATED, FORBIDDEN.
   */
  async admit(call: Pick<Call, 'address' | 'authenticate'>, roles: readonly Role[], rate: RateClass): Promise<Access> {
    await this.#deps.rateLimits.address(call.address);
    const actor = await call.authenticate();
    if (!actor) throw new AppError('UNAUTHENTICATED', 'sign in first');
    if (!hasRole(actor.account.roles, roles)) throw new AppError('FORBIDDEN', 'not for your role');
    await this.#deps.rateLimits.account(actor.account._id, rate);
    return new Access(actor, newId(), this.#deps.access).actsAs(roles);
  }

  async #steps(call: Call, name: OperationName | null, traceId: string): Promise<Reply> {
    if (call.bytes > limits.requestBytes) throw new AppError('TOO_LARGE', `at most ${limits.requestBytes} bytes`);
    await this.#deps.rateLimits.address(call.address);
    const actor = await call.authenticate();
    if (!name) throw new AppError('UNKNOWN_OPERATION', 'no such operation');
    const operation = operationOf(name);
    if (operation.transports && !operation.transports.includes(call.transport)) {
      throw new AppError('UNKNOWN_OPERATION', `not available over ${call.transport}`);
    }
    if (operation.roles !== 'public' && !actor) throw new AppError('UNAUTHENTICATED', 'sign in first');
    const input = parseInput(operation, call.input);
    const { roles, permission } = operation;
    if (roles !== 'public' && actor && !mayUse(actor.account, { roles, permission })) {
      throw new AppError('FORBIDDEN', 'not for your role');
    }
    if (actor) await this.#deps.rateLimits.account(actor.account._id, operation.rate);
    if (actor && operation.kind === 'command' && operation.audited === true) this.#deps.onCommand(actor);
    const access = actor ? new Access(actor, traceId, this.#deps.access).actsAs(operation.roles) : null;
    const context: CallContext = {
      traceId,
      requestId: parseRequestId(call.requestId),
      address: call.address,
      actor: access,
      cookies: call.cookies,
    };
    const handle = () => this.#handle(name, operation, context, input);
    if (operation.kind === 'command' && operation.once === 'reply' && access && call.requestId !== undefined) {
      return await this.#deps.requests.once(`${access.accountId}:${context.requestId}`, name, input, handle);
    }
    return await handle();
  }

  /** Audit, the use case, and the output cut to what the contract lists. Refusals come back as replies: they are answers too. */
  async #handle(name: OperationName, operation: Operation, context: CallContext, input: unknown): Promise<Reply> {
    const audited = operation.audited === true ? (context.actor ?? this.#visitor(context.traceId)) : null;
    await audited?.audit('intent', name, subject(input));
    let result: Reply;
    try {
      const handler = this.#handlers.get(name);
      if (!handler) throw new Error(`no handler for ${name}`);
      result = { ok: true, data: operation.output.parse(await handler(context, input)) };
    } catch (error) {
      result = this.failure(error, context.traceId, name);
    }
    // Not waited for: the intent is durable, and the caller's answer does not depend on the note that it was given.
    void audited?.audit('outcome', name, {}, result.ok ? 'OK' : result.error.code).catch((error: unknown) => {
      this.#deps.log.error({ err: error, traceId: context.traceId }, 'audit outcome not written');
    });
    return result;
  }

  /** Who asks without being signed in. Whose account it turns out to be about, the use case notes by itself. */
  #visitor(traceId: string): Access {
    return new Access(visitor, traceId, this.#deps.access);
  }
}

function subject(input: unknown): AuditSubject {
  const found = subjectOf.safeParse(input);
  if (!found.success) return {};
  return found.data;
}

function parseInput(operation: Operation, raw: unknown): unknown {
  const parsed = operation.input.safeParse(raw === undefined ? {} : raw);
  if (parsed.success) return parsed.data;
  // Paths and reasons only: never the value, which may be somebody's.
  const issues = parsed.error.issues
    .slice(0, 5)
    .map((issue) => ({ path: issue.path.join('.').slice(0, 100), code: issue.code }));
  throw new AppError('INVALID_INPUT', 'the input does not fit', { issues });
}

function parseRequestId(raw: string | undefined): string {
  if (raw === undefined) return newId();
  const parsed = requestIdSchema.safeParse(raw);
  if (!parsed.success) throw new AppError('INVALID_INPUT', 'a request id is 8 to 64 letters, digits, _ or -');
  return parsed.data;
}
