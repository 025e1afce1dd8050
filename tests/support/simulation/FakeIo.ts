/** Rooms and sockets as Socket.IO shows them to the publisher and the subscriptions: just what those use. */
type Listener = (socket: unknown) => void;

export class FakeIo {
  readonly sockets = { adapter: { rooms: new Map<string, Set<string>>() } };
  readonly #byId = new Map<string, FakeSocket>();
  readonly #listeners: Listener[] = [];
  readonly local = {
    to: (id: string) => ({ emit: (event: string, data: unknown) => this.#byId.get(id)?.emit(event, data) }),
    in: (_room: string) => ({ disconnectSockets: () => undefined }),
  };

  on(_event: 'connection', listener: Listener): void {
    this.#listeners.push(listener);
  }

  admit(socket: FakeSocket): void {
    this.#byId.set(socket.id, socket);
    for (const listener of this.#listeners) listener(socket);
  }

  drop(socket: FakeSocket): void {
    this.#byId.delete(socket.id);
    socket.end();
  }

  get connected(): FakeSocket[] {
    return [...this.#byId.values()];
  }
}

export interface Frame {
  readonly event: string;
  readonly data: unknown;
}

/** A hub's end of a connection. */
export class FakeSocket {
  readonly id: string;
  readonly rooms = new Set<string>();
  readonly conn = {
    readyState: 'open',
    write: (text: string): void => this.#down(parse(text)),
  };
  connected = true;
  readonly #io: FakeIo;
  readonly #down: (frame: Frame) => void;
  #onDisconnect: (() => void)[] = [];

  constructor(id: string, io: FakeIo, down: (frame: Frame) => void) {
    this.id = id;
    this.#io = io;
    this.#down = down;
  }

  on(_event: 'disconnect', listener: () => void): void {
    this.#onDisconnect.push(listener);
  }

  emit(event: string, data: unknown): void {
    this.#down({ event, data });
  }

  join(room: string): void {
    this.rooms.add(room);
    const { rooms } = this.#io.sockets.adapter;
    const members = rooms.get(room);
    if (members) members.add(this.id);
    else rooms.set(room, new Set([this.id]));
  }

  leave(room: string): void {
    this.rooms.delete(room);
    const { rooms } = this.#io.sockets.adapter;
    const members = rooms.get(room);
    members?.delete(this.id);
    if (members?.size === 0) rooms.delete(room);
  }

  end(): void {
    this.connected = false;
    this.conn.readyState = 'closed';
    for (const room of [...this.rooms]) this.leave(room);
    for (const listener of this.#onDisconnect) listener();
  }
}

/** A Socket.IO event packet: `2["name",data]`. */
function parse(text: string): Frame {
  const [event, data] = JSON.parse(text.slice(1)) as [string, unknown];
  return { event, data };
}
