import { readFile, stat } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls';

/** Where to serve TLS, and with which files (PEM: the certificate with its chain, and its key). */
export interface TlsFrontConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** 0 takes any. */
  readonly port: number;
  /** Default: every address of the machine. */
  readonly host?: string | undefined;
}

interface Loaded {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Changes when one of the files does. */
  readonly stamp: string;
}

const lookEveryMs = 60_000;
const handshakeMs = 10_000;

/**
 * A TLS door in front of a plain HTTP server, for a machine without a proxy: what comes in by it is served as if it had come
 * to the plain one, which may stay on loopback. Certificate files that were renewed are taken up without a restart;
 * files that do not fit together are left aside until they do.
 */
export class TlsFront {
  readonly #server: Server;
  readonly #config: TlsFrontConfig;
  readonly #told: (problem: string) => void;
  readonly #open = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #stamp: string;

  private constructor(server: Server, config: TlsFrontConfig, stamp: string, told: (problem: string) => void) {
    this.#server = server;
    this.#config = config;
    this.#stamp = stamp;
    this.#told = told;
  }

  /**
   * @param told hears why renewed files were not taken up
   * @throws when the files cannot be read, do not fit together, or the port is not free
   */
  static async open(
    config: TlsFrontConfig,
    plain: HttpServer,
    told: (problem: string) => void,
    everyMs = lookEveryMs,
  ): Promise<TlsFront> {
    const { cert, key, stamp } = await load(config);
    const server = createServer({ cert, key, ALPNProtocols: ['http/1.1'], handshakeTimeout: handshakeMs });
    const front = new TlsFront(server, config, stamp, told);
    server.on('connection', (socket: Socket) => {
      front.#open.add(socket);
      socket.once('close', () => front.#open.delete(socket));
    });
    // Node documents this as the way to bring a server connections from elsewhere.
    server.on('secureConnection', (socket: TLSSocket) => plain.emit('connection', socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(config.port, config.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    front.#timer = setInterval(() => void front.look(), everyMs);
    front.#timer.unref();
    return front;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the TLS door is closed');
    return address.port;
  }

  /** Takes up files that were renewed. Never rejects. */
  async look(): Promise<void> {
    try {
      if ((await stampOf(this.#config)) === this.#stamp) return;
      const { cert, key, stamp } = await load(this.#config);
      this.#server.setSecureContext({ cert, key });
      this.#stamp = stamp;
    } catch (error) {
      this.#told(error instanceof Error ? error.message : String(error));
    }
  }

  /** Nobody comes in any more, and who is still there is cut. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

async function load(config: TlsFrontConfig): Promise<Loaded> {
  const stamp = await stampOf(config);
  const [cert, key] = await Promise.all([readFile(config.certFile), readFile(config.keyFile)]);
  // Throws when the key is not the certificate's: between two renewed files, say.
  createSecureContext({ cert, key });
  return { cert, key, stamp };
}

async function stampOf({ certFile, keyFile }: TlsFrontConfig): Promise<string> {
  const stats = await Promise.all([certFile, keyFile].map((file) => stat(file)));
  return stats.map(({ mtimeMs, size, ino }) => `${mtimeMs}:${size}:${ino}`).join();
}
