import { serialize, type Document } from 'bson';
import { Code, CommandError } from '../errors.ts';
import type { Row } from '../Engine.ts';

export function reply(document: Document): Buffer {
  return Buffer.from(serialize(document));
}

/** The only row of a result that must have one. */
export function onlyRow(rows: readonly Row[]): Row {
  const row = rows[0];
  if (row === undefined) throw new CommandError(Code.InternalError, 'the engine returned no row');
  return row;
}

/** A BSON column that must not be null. */
export function bsonColumn(row: Row, index: number): Buffer {
  const value = row[index];
  if (!value) throw new CommandError(Code.InternalError, 'the engine returned no document');
  return value;
}

/** A boolean column in PostgreSQL's binary form. */
export function isTrue(row: Row, index: number): boolean {
  return row[index]?.[0] === 1;
}
