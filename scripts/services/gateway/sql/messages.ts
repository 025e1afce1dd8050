/**
 * Messages of PostgreSQL's protocol 3.0 (postgresql.org/docs/18/protocol-message-formats.html), the few that prepared statements
 * with binary values need. Written here instead of using `pg`, because that receives results as text only: BSON would
 * travel as hexadecimal, twice the size and three copies.
 */
export const MessageType = {
  authentication: 0x52, // R
  backendKey: 0x4b, // K
  bindComplete: 0x32, // 2
  commandComplete: 0x43, // C
  dataRow: 0x44, // D
  error: 0x45, // E
  notice: 0x4e, // N
  parseComplete: 0x31, // 1
  ready: 0x5a, // Z
} as const;

export type Value = string | Buffer | null;
/** One row, columns in order, in PostgreSQL's binary formats (BSON and text are their bytes). */
export type Row = readonly (Buffer | null)[];

const protocolVersion = 196_608;

export function startup(parameters: Record<string, string>): Buffer {
  const text = Object.entries(parameters)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join('');
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.allocUnsafe(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(protocolVersion, 4);
  return Buffer.concat([head, body]);
}

/** Parse: prepares `text` under `name`, parameter types left to the server. */
export function parse(name: string, text: string): Buffer {
  const body = Buffer.from(`${name}\0${text}\0\0\0`);
  const head = Buffer.allocUnsafe(5);
  head.writeUInt8(0x50, 0); // P
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const executeAndSync = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x53, 0, 0, 0, 4]);
/** Values at least this long are sent as they are, not copied into the message. */
const copyBelow = 32_768;

/** Bind of all values, Execute and Sync, as the buffers to write. Every column is asked for in binary. */
export function execute(name: string, values: readonly Value[]): Buffer[] {
  const bytes = values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value));
  const nameBytes = Buffer.byteLength(name);
  const dataSize = bytes.reduce((sum, value) => sum + 4 + (value?.length ?? 0), 0);
  const size = 4 + 1 + nameBytes + 1 + 2 + 2 * values.length + 2 + dataSize + 4;
  const out: Buffer[] = [];
  const kept = bytes.reduce((sum, value) => sum + (value && value.length >= copyBelow ? value.length : 0), 0);
  const buffer = Buffer.allocUnsafe(1 + size - kept + executeAndSync.length);
  let at = buffer.writeUInt8(0x42, 0); // B
  let from = 0;
  at = buffer.writeInt32BE(size, at);
  at = buffer.writeUInt8(0, at); // the unnamed portal
  at += buffer.write(name, at);
  at = buffer.writeUInt8(0, at);
  at = buffer.writeInt16BE(values.length, at);
  for (const value of values) at = buffer.writeInt16BE(Buffer.isBuffer(value) ? 1 : 0, at);
  at = buffer.writeInt16BE(values.length, at);
  for (const value of bytes) {
    at = buffer.writeInt32BE(value?.length ?? -1, at);
    if (!value) continue;
    if (value.length >= copyBelow) {
      out.push(buffer.subarray(from, at), value);
      from = at;
    } else at += value.copy(buffer, at);
  }
  at = buffer.writeInt16BE(1, at);
  at = buffer.writeInt16BE(1, at); // binary
  at += executeAndSync.copy(buffer, at);
  out.push(buffer.subarray(from, at));
  return out;
}

/** The columns of a DataRow's body; slices, not copies. */
export function dataRow(body: Buffer): Row {
  const row: (Buffer | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return row;
}
