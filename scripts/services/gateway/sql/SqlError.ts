/** An error that PostgreSQL reported for a statement. The statement's transaction was rolled back. */
export class SqlError extends Error {
  /** SQLSTATE, five characters. */
  readonly state: string;
  /** Name of the violated constraint, or empty. */
  readonly constraint: string;

  constructor(state: string, message: string, constraint: string) {
    super(message);
    this.name = 'SqlError';
    this.state = state;
    this.constraint = constraint;
  }

  /** From the body of an ErrorResponse: fields of a type byte and a C string. */
  static parse(body: Buffer): SqlError {
    const fields = new Map<string, string>();
    for (let at = 0; at < body.length && body[at] !== 0;) {
      const end = body.indexOf(0, at + 1);
      if (end < 0) break;
      fields.set(String.fromCharCode(body.readUInt8(at)), body.toString('utf8', at + 1, end));
      at = end + 1;
    }
    return new SqlError(fields.get('C') ?? 'XX000', fields.get('M') ?? 'unknown error', fields.get('n') ?? '');
  }
}

/** The connection ended. `sent`: a statement was on its way, so nobody knows whether it was carried out. */
export class ConnectionLost extends Error {
  readonly sent: boolean;

  constructor(sent: boolean, cause: string) {
    super(cause);
    this.name = 'ConnectionLost';
    this.sent = sent;
  }
}
