/**
 * How the DocumentDB engine numbers its errors: every MongoDB error is an SQLSTATE `Mxxxx`, whose last four characters count the
 * errors in base 36 in the order of the extension's list (documentdb/documentdb, `pg_documentdb_gw/include/
 * all_error_mappings_oss_generated.csv`; it only grows). Inside a reply (`writeErrors[].code`) the same state appears as
 * PostgreSQL's integer: five characters of six bits each, lowest first (`MAKE_SQLSTATE`).
 */

/** MongoDB's code by position in the engine's list: all general errors. Complaints about one operator's arguments are left out. */
const byPosition = new Map<number, number>([
  ...list(0x0, [1, 2, 5, 9, 14, 15, 20, 23, 26, 27]),
  ...list(
    10,
    [28, 31, 34, 40, 43, 48, 52, 53, 54, 56, 57, 61, 66, 67, 68, 72, 73, 85, 86, 111, 115, 118, 146, 159, 165, 166],
  ),
  ...list(36, [167, 181, 197, 224, 232, 241, 263, 276, 291, 361, 10065, 10334, 11000, 12587]),
  ...list(at('003A'), [17419, 17420]),
  ...list(at('007U'), [40324]),
  ...list(at('0088'), [40415]),
  ...list(at('00CO'), [121]),
  ...list(at('00DO'), [16]),
  ...list(at('00DS'), [55]),
  ...list(at('00E7'), [42501, 10107]),
  ...list(at('00EL'), [143]),
  ...list(at('00ER'), [13]),
  ...list(at('00EU'), [6, 18, 24, 50, 59, 133]),
  ...list(at('00F0'), [91, 112, 117, 186, 201, 225, 251, 256, 261, 391]),
]);

/** What an engine error that is not in the table becomes: nearly all of those are malformed expressions. */
const unlisted = 2;

function at(digits: string): number {
  return Number.parseInt(digits, 36);
}

function list(first: number, codes: readonly number[]): [number, number][] {
  return codes.map((code, index) => [first + index, code]);
}

/** MongoDB's code for an SQLSTATE of the engine; undefined for a state of PostgreSQL itself. */
export function codeOfSqlState(state: string): number | undefined {
  if (!/^M[0-9A-Z]{4}$/.test(state)) return undefined;
  return byPosition.get(at(state.slice(1))) ?? unlisted;
}

/** The SQLSTATE in PostgreSQL's integer form; undefined when the number cannot be one. */
export function unpackSqlState(packed: number): string | undefined {
  if (!Number.isInteger(packed) || packed < 0 || packed >= 2 ** 30) return undefined;
  let state = '';
  for (let rest = packed; state.length < 5; rest >>>= 6) state += String.fromCharCode(48 + (rest & 63));
  return /^[0-9A-Z]{5}$/.test(state) ? state : undefined;
}
