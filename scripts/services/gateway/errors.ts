import { serialize, type Document } from 'bson';
import { codeOfSqlState } from './engineCodes.ts';
import { SqlError } from './sql/SqlError.ts';

/** MongoDB error codes that the gateway itself uses (mongodb.com/docs/manual/reference/error-codes). */
export const Code = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidBSON: 22,
  IllegalOperation: 20,
  LockTimeout: 24,
  NamespaceNotFound: 26,
  CursorNotFound: 43,
  MaxTimeMSExpired: 50,
  CommandNotFound: 59,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  ShutdownInProgress: 91,
  WriteConflict: 112,
  CursorInUse: 143,
  ExceededMemoryLimit: 146,
  DuplicateKey: 11000,
  InterruptedAtShutdown: 11600,
  OutOfDiskSpace: 14031,
} as const;

const names = new Map<number, string>(Object.entries(Code).map(([name, code]) => [code, name]));

export function codeName(code: number): string {
  return names.get(code) ?? `Location${code}`;
}

/** A failure that the client is told as a MongoDB command error. `extra` fields are added to the reply. */
export class CommandError extends Error {
  readonly code: number;
  readonly extra: Document;

  constructor(code: number, message: string, extra: Document = {}) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.extra = extra;
  }
}

/** PostgreSQL's own states that have a MongoDB meaning (postgresql.org/docs/18/errcodes-appendix.html). */
const postgresStates: Record<string, number> = {
  '23505': Code.DuplicateKey,
  '23P01': Code.DuplicateKey,
  '57014': Code.MaxTimeMSExpired,
  '55P03': Code.LockTimeout,
  '40001': Code.WriteConflict,
  '40P01': Code.WriteConflict,
  '53100': Code.OutOfDiskSpace,
  '53200': Code.ExceededMemoryLimit,
  '54001': Code.Overflow,
  '57P01': Code.InterruptedAtShutdown,
  '57P02': Code.InterruptedAtShutdown,
  '57P03': Code.ShutdownInProgress,
  '53300': Code.ShutdownInProgress,
};

/**
 * What the client is told about anything thrown while a command ran. The engine's messages name fields and indexes; PostgreSQL's
 * own (which can quote stored values) are replaced by the code's name.
 */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof SqlError) {
    const engine = codeOfSqlState(error.state);
    if (engine !== undefined) return new CommandError(engine, error.message);
    const code = postgresStates[error.state] ?? Code.InternalError;
    return new CommandError(code, `${codeName(code)} (engine state ${error.state})`);
  }
  return new CommandError(Code.InternalError, 'the gateway failed on this command');
}

/** The reply document `{ok: 0, errmsg, code, codeName, …}`. */
export function errorReply(error: CommandError): Buffer {
  return Buffer.from(
    serialize({ ok: 0, errmsg: error.message, code: error.code, codeName: codeName(error.code), ...error.extra }),
  );
}
