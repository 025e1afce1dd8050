import { connect, type Socket } from 'node:net';
import { serialize } from 'bson';
import { describe, expect, it } from 'vitest';
import { seeded, useDatabase } from './support.ts';
import { until } from '../../support/until.ts';

const fixture = useDatabase();

function frame(body: Buffer, options: { opCode?: number; length?: number } = {}): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(options.length ?? body.length + 16, 0);
  head.writeInt32LE(7, 4);
  head.writeInt32LE(options.opCode ?? 2013, 12);
  return Buffer.concat([head, body]);
}

function message(document: Buffer, flags = 0, after: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(flags, 0);
  return frame(Buffer.concat([head, document, after]));
}

const bson = (value: Record<string, unknown>): Buffer => Buffer.from(serialize(value));

/** Sends bytes and collects what comes back until the server closes, or `wanted` bytes are there. */
async function exchange(
  bytes: Buffer,
  wanted = Number.POSITIVE_INFINITY,
): Promise<{ answer: Buffer; closed: boolean }> {
  const socket: Socket = connect(Number(new URL(fixture.uri).port), '127.0.0.1');
  let answer = Buffer.alloc(0);
  let closed = false;
  socket.on('data', (chunk) => (answer = Buffer.concat([answer, chunk])));
  socket.on('close', () => (closed = true));
  socket.on('error', () => undefined);
  socket.write(bytes);
  try {
    await until('the server answers or closes', () => closed || answer.length >= wanted);
  } finally {
    socket.destroy();
  }
  return { answer, closed };
}

const alive = async (): Promise<void> => {
  expect(await fixture.db.collection('alive').countDocuments()).toBe(0);
};

describe('a frame that is none', () => {
  const hello = bson({ hello: 1, $db: 'admin' });
  const section = (size: number, rest: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8(1, 0);
    head.writeInt32LE(size, 1);
    return Buffer.concat([head, rest]);
  };
  const cases: [string, Buffer][] = [
    ['negative length', frame(hello, { length: -1 })],
    ['zero length', frame(hello, { length: 0 })],
    ['length of the header alone', frame(hello, { length: 16 })],
    ['oversized length', frame(hello, { length: 48_000_001 })],
    ['largest length', frame(hello, { length: 0x7fffffff })],
    ['unknown opcode', frame(hello, { opCode: 2002 })],
    ['compressed opcode', frame(hello, { opCode: 2012 })],
    ['opcode of a reply', frame(hello, { opCode: 1 })],
    ['unknown required flag', message(hello, 4)],
    ['checksum flag without a checksum', message(hello, 1)],
    ['wrong checksum', message(hello, 1, Buffer.from([1, 2, 3, 4]))],
    ['no body', frame(Buffer.from([0, 0, 0, 0, 0]))],
    ['unknown section', message(hello, 0, Buffer.from([9, 5, 0, 0, 0, 0]))],
    ['two bodies', message(hello, 0, Buffer.concat([Buffer.from([0]), hello]))],
    ['section beyond the message', message(hello, 0, section(1_000_000, Buffer.from('documents\0')))],
    ['section of negative size', message(hello, 0, section(-5, Buffer.from('documents\0')))],
    ['section without a name', message(hello, 0, section(8, Buffer.from('docu')))],
    [
      'legacy query to a collection',
      frame(Buffer.concat([Buffer.alloc(4), Buffer.from('a.b\0'), Buffer.alloc(8), hello]), { opCode: 2004 }),
    ],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ];
  it.each(cases)('is answered by closing the connection: %s', async (_name, bytes) => {
    expect(await exchange(bytes)).toEqual({ answer: Buffer.alloc(0), closed: true });
    await alive();
  });
});

describe('a frame with broken or hostile BSON', () => {
  const nested = (levels: number): Buffer => {
    let inner = bson({});
    for (let level = 0; level < levels; level++) {
      const whole = Buffer.alloc(inner.length + 8);
      whole.writeInt32LE(whole.length, 0);
      whole.write('\x03a\0', 4, 'latin1');
      inner.copy(whole, 7);
      inner = whole;
    }
    return inner;
  };
  const find = bson({ find: 'x', filter: { a: 'text' }, $db: 'hostile' });
  const changed = (at: number, byte: number): Buffer => {
    const copy = Buffer.from(find);
    copy[at] = byte;
    return copy;
  };
  const cases: [string, Buffer][] = [
    ['200 levels', nested(200)],
    ['20,000 levels', nested(20_000)],
    ['a string longer than the document', changed(9, 255)],
    ['an unknown type', changed(4, 99)],
    ['an empty document', bson({})],
    ['no database', bson({ ping: 1 })],
    ['a database name with a slash', bson({ ping: 1, $db: 'a/b' })],
    ['a collection name with NUL', bson({ find: 'a\0b', $db: 'hostile' })],
    ['a command that is none', bson({ 'DROP TABLE': 1, $db: 'hostile' })],
    ['a command named like a method', bson({ constructor: 1, $db: 'hostile' })],
    ['SQL in names', bson({ find: `x'; DROP SCHEMA documentdb_api CASCADE; --`, $db: 'hostile' })],
  ];
  it.each(cases)('is answered with a command error or an empty result: %s', async (_name, document) => {
    const { answer, closed } = await exchange(message(document), 16);
    expect(closed).toBe(false);
    expect(answer.readInt32LE(8)).toBe(7);
    expect(answer.includes(Buffer.from('InterruptedAtShutdown'))).toBe(false);
    await alive();
  });

  it('stays without effect when a document inside a sequence is broken', async () => {
    const good = bson({ _id: 1 });
    const bad = bson({ _id: 'text' });
    bad.writeInt32LE(0x7ffffff0, 9);
    const name = Buffer.from('documents\0');
    const head = Buffer.alloc(5);
    head.writeUInt8(1, 0);
    head.writeInt32LE(4 + name.length + good.length + bad.length, 1);
    const command = bson({ insert: 'sequence', $db: fixture.db.databaseName });
    const { answer } = await exchange(message(command, 0, Buffer.concat([head, name, good, bad])), 30);
    expect(answer.includes(Buffer.from('InvalidBSON'))).toBe(true);
    expect(await fixture.db.collection('sequence').countDocuments()).toBe(0);
  });

  it('accepts 100 levels and bytes that are no UTF-8, and gives them back', async () => {
    const raw = Buffer.concat([
      Buffer.from([0x0e, 0, 0, 0, 2]),
      Buffer.from('t\0'),
      Buffer.from([2, 0, 0, 0, 0xff, 0, 0]),
    ]);
    let value: Record<string, unknown> = { leaf: 1 };
    for (let level = 0; level < 100; level++) value = { a: value };
    await fixture.db.collection('deep').insertOne({ value });
    expect((await fixture.db.collection('deep').findOne())?.['value']).toEqual(value);
    const name = Buffer.from('documents\0');
    const head = Buffer.alloc(5);
    head.writeUInt8(1, 0);
    head.writeInt32LE(4 + name.length + raw.length, 1);
    const { closed } = await exchange(
      message(bson({ insert: 'odd', $db: fixture.db.databaseName }), 0, Buffer.concat([head, name, raw])),
      16,
    );
    expect(closed).toBe(false);
    await alive();
  });
});

describe('a client', () => {
  it('that stops in the middle of a frame, or sends it byte by byte, disturbs nobody', async () => {
    const port = Number(new URL(fixture.uri).port);
    const whole = message(bson({ ping: 1, $db: 'admin' }));
    const stuck = connect(port, '127.0.0.1').on('error', () => undefined);
    stuck.write(whole.subarray(0, 20));
    const slow = connect(port, '127.0.0.1').setNoDelay(true);
    let answer = Buffer.alloc(0);
    slow.on('data', (chunk) => (answer = Buffer.concat([answer, chunk])));
    for (const byte of whole) slow.write(Buffer.from([byte]));
    await until('the slow client has its answer', () => answer.length >= 16);
    await alive();
    stuck.destroy();
    slow.destroy();
  });

  it('may send several commands at once and gets the answers in order', async () => {
    const frames = Array.from({ length: 20 }, (_, n) => {
      const bytes = message(bson({ ping: 1, $db: 'admin' }));
      bytes.writeInt32LE(100 + n, 4);
      return bytes;
    });
    const one = (await exchange(frames[0] ?? Buffer.alloc(0), 21)).answer.length;
    const { answer } = await exchange(Buffer.concat(frames), one * 20);
    const replies = Array.from({ length: 20 }, (_, n) => answer.readInt32LE(n * one + 8));
    expect(replies).toEqual(Array.from({ length: 20 }, (_, n) => 100 + n));
  });

  it('gets no reply to an unacknowledged write, and one to the next command', async () => {
    const silent = message(bson({ insert: 'silent', documents: [{ _id: 1 }], $db: fixture.db.databaseName }), 2);
    const { answer } = await exchange(Buffer.concat([silent, message(bson({ ping: 1, $db: 'admin' }))]), 16);
    expect(answer.readInt32LE(8)).toBe(7);
    expect(await fixture.db.collection('silent').countDocuments()).toBe(1);
  });

  it('that sends 300 random or randomly damaged frames breaks nothing', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    process.stdout.write(`hostile frames, seed ${seed}\n`);
    const random = seeded(seed);
    const byte = (): number => Math.floor(random() * 256);
    const sound = message(
      bson({ find: 'x', filter: { a: [1, { b: /x/ }], c: new Date(0) }, limit: 5, $db: fixture.db.databaseName }),
    );
    for (let round = 0; round < 300; round++) {
      const bytes =
        round % 3 === 0
          ? Buffer.from(Array.from({ length: 1 + Math.floor(random() * 200) }, byte))
          : Buffer.from(sound);
      if (round % 3 !== 0)
        for (let n = 0; n <= round % 5; n++) bytes[16 + Math.floor(random() * (bytes.length - 16))] = byte();
      const socket = connect(Number(new URL(fixture.uri).port), '127.0.0.1').on('error', () => undefined);
      await new Promise<void>((resolve) =>
        socket
          .on('close', () => resolve())
          .on('data', () => socket.destroy())
          .end(bytes),
      );
    }
    await alive();
  });
});
