import { asInteger, asString, assemble, elements, type Element } from './bson.ts';
import type { CursorStore } from './cursors.ts';
import type { Engine } from './Engine.ts';
import { Code, CommandError } from './errors.ts';
import type { Command } from './frames.ts';
import type { UniqueKeys } from './uniqueKeys.ts';

export interface Services {
  engine: Engine;
  cursors: CursorStore;
  uniqueKeys: UniqueKeys;
  now: () => Date;
}

/** Answers one command with a reply document. */
export type Handler = (request: Request, services: Services, connectionId: number) => Promise<Buffer> | Buffer;

/** Addressed to the server, not to the engine: sessions, clocks, routing, and durability, which is always full here. */
const envelope = new Set([
  ...['$db', 'lsid', '$clusterTime', '$readPreference', 'txnNumber', 'autocommit', 'startTransaction', 'stmtIds'],
  ...['apiVersion', 'apiStrict', 'apiDeprecationErrors', 'writeConcern', 'readConcern', 'maxAwaitTimeMS'],
]);

/** A command as the handlers see it: its name, its database, and raw top-level fields. */
export class Request {
  readonly name: string;
  readonly database: string;
  readonly sequences: Map<string, Buffer>;
  readonly #body: Buffer;
  readonly #fields: Map<string, Element>;

  constructor(command: Command) {
    this.#body = command.body;
    this.sequences = command.sequences;
    const fields = elements(command.body);
    const first = fields[0];
    if (first === undefined) throw new CommandError(Code.FailedToParse, 'empty command');
    this.name = first.name;
    this.#fields = new Map(fields.map((field) => [field.name, field]));
    if (this.#fields.size !== fields.length) throw new CommandError(Code.FailedToParse, 'repeated field in a command');
    if (this.#fields.has('startTransaction') || this.#fields.has('autocommit')) {
      throw new CommandError(Code.IllegalOperation, 'this server has no multi-document transactions');
    }
    const database = command.legacy ? 'admin' : this.string('$db');
    if (database === undefined) throw new CommandError(Code.FailedToParse, "OP_MSG requests require a '$db'");
    if (!/^[^/\\. "$*<>:|?\0]{1,63}$/u.test(database)) {
      throw new CommandError(Code.InvalidNamespace, 'invalid database name');
    }
    this.database = database;
  }

  /** The collection that the command's first field names; throws InvalidNamespace when it names none. */
  collection(field = this.name): string {
    const name = this.string(field);
    if (
      name === undefined ||
      name === '' ||
      name.includes('\0') ||
      name.startsWith('.') ||
      Buffer.byteLength(name) > 200
    ) {
      throw new CommandError(Code.InvalidNamespace, `invalid collection name for ${field}`);
    }
    return name;
  }

  has(field: string): boolean {
    return this.#fields.has(field);
  }

  string(field: string): string | undefined {
    return asString(this.#body, this.#fields.get(field));
  }

  integer(field: string): bigint | undefined {
    return asInteger(this.#body, this.#fields.get(field));
  }

  /** Whether a field is true, or a number other than zero. */
  isTrue(field: string): boolean {
    const found = this.#fields.get(field);
    return found !== undefined && this.#body.subarray(found.value, found.end).some((byte) => byte !== 0);
  }

  /** The embedded document or array in a field, as bytes. */
  document(field: string): Buffer | undefined {
    const found = this.#fields.get(field);
    return found?.type === 3 || found?.type === 4 ? this.#body.subarray(found.value, found.end) : undefined;
  }

  /** The command document for the engine: without the envelope and without `drop`. */
  spec(...drop: readonly string[]): Buffer {
    const kept = [...this.#fields.values()].filter(
      (field) => !envelope.has(field.name) && !drop.includes(field.name) && !isEmptySort(field),
    );
    if (kept.length === this.#fields.size) return this.#body;
    return assemble(kept.map((field) => this.#body.subarray(field.start, field.end)));
  }

  /** The documents of `insert`, `update` or `delete`, concatenated: from their section, or from the array in the command. */
  sequence(field: string): Buffer {
    const section = this.sequences.get(field);
    if (section !== undefined) return section;
    const array = this.document(field);
    if (array === undefined) throw new CommandError(Code.FailedToParse, `${this.name} needs ${field}`);
    const items = elements(array);
    if (items.some((item) => item.type !== 3)) throw new CommandError(Code.TypeMismatch, `${field} must be documents`);
    return Buffer.concat(items.map((item) => array.subarray(item.value, item.end)));
  }
}

/** MongoDB takes an empty sort for none; the engine refuses it. */
function isEmptySort({ name, type, value, end }: Element): boolean {
  return name === 'sort' && type === 3 && end - value === 5;
}
