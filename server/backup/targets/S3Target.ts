import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { BackupError } from '../errors.ts';
import type { BackupTarget, StoredObject } from './types.ts';

export interface S3Options {
  readonly bucket: string;
  readonly prefix: string;
  readonly endpoint: string;
  readonly region: string;
  readonly keyId: string;
  readonly secret: string;
  /** How long the other side may keep silent, ms. */
  readonly timeoutMs?: number;
  /** Before the second try; doubled after that, ms. */
  readonly backoffMs?: number;
  /** Of a part of a large upload; at least 5 MiB by S3's rules. */
  readonly partBytes?: number;
}

interface Asked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are an answer and no failure. */
  readonly answers?: readonly number[];
}

const tries = 6;
const again = new Set([408, 429, 500, 502, 503, 504]);
/** An upload has at most 10,000 parts: the later ones are larger. */
const smallParts = 1_000;

/** Backups in a bucket of anything that speaks S3. Path-style addresses: they work everywhere. Every body is signed with its hash. */
export class S3Target implements BackupTarget {
  readonly title: string;
  readonly #options: S3Options;
  readonly #aws: AwsClient;
  readonly #timeoutMs: number;
  readonly #partBytes: number;

  constructor(options: S3Options) {
    const {
      bucket,
      prefix,
      endpoint,
      region,
      keyId,
      secret,
      timeoutMs = 60_000,
      partBytes = 8 * 1024 * 1024,
    } = options;
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#partBytes = partBytes;
    this.title = `s3://${bucket}/${prefix} at ${new URL(endpoint).host}`;
    this.#aws = new AwsClient({ accessKeyId: keyId, secretAccessKey: secret, region, service: 's3', retries: 0 });
  }

  async put(name: string, content: Readable): Promise<{ bytes: number }> {
    let upload: { id: string; etags: string[] } | null = null;
    let bytes = 0;
    try {
      for await (const { body, last } of this.#parts(content)) {
        bytes += body.length;
        if (last && !upload) {
          await this.#ask({ method: 'PUT', key: name, body });
          break;
        }
        upload ??= { id: await this.#begin(name), etags: [] };
        if (body.length > 0) upload.etags.push(await this.#putPart(name, upload.id, upload.etags.length + 1, body));
      }
      if (upload) await this.#complete(name, upload.id, upload.etags);
    } catch (error) {
      content.destroy();
      // What was stored of it costs money until it is dropped.
      if (upload)
        await this.#ask({ method: 'DELETE', key: name, query: { uploadId: upload.id } }).catch(() => undefined);
      throw error;
    }
    const stored = await this.find(name);
    if (stored?.bytes !== bytes) throw this.#failed(`${name} was stored with ${stored?.bytes ?? 0} of ${bytes} bytes`);
    return { bytes };
  }

  async list(): Promise<StoredObject[]> {
    const { prefix } = this.#options;
    const found: StoredObject[] = [];
    for (let token: string | undefined; ;) {
      const query = { 'list-type': '2', prefix, ...(token === undefined ? {} : { 'continuation-token': token }) };
      const page = await (await this.#ask({ method: 'GET', query })).text();
      for (const [, entry = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const name = (inner(entry, 'Key') ?? '').slice(prefix.length);
        if (!name.includes('/')) found.push({ name, bytes: Number(inner(entry, 'Size')) });
      }
      token = inner(page, 'NextContinuationToken');
      if (token === undefined || inner(page, 'IsTruncated') !== 'true') break;
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async find(name: string): Promise<StoredObject | null> {
    const response = await this.#ask({ method: 'HEAD', key: name, answers: [404] });
    return response.status === 404 ? null : { name, bytes: Number(response.headers.get('content-length')) };
  }

  async read(name: string, offset: number): Promise<Readable> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const stop = new AbortController();
    const response = await this.#ask({ method: 'GET', key: name, headers, answers: [404, 416] }, stop);
    if (response.status === 404) throw new BackupError('missing', `there is no ${name} at ${this.title}`);
    if (response.status === 416 || !response.body) return Readable.from([]);
    if (offset > 0 && response.status !== 206) throw this.#failed('it does not answer parts of a file');
    return silenceEnds(Readable.from(chunksOf(response.body.getReader())), this.#timeoutMs);
  }

  async remove(name: string): Promise<void> {
    await this.#ask({ method: 'DELETE', key: name, answers: [404] });
  }

  /** The content in parts as they are uploaded; the last one may be smaller, or empty. */
  async *#parts(content: Readable): AsyncGenerator<{ body: Buffer; last: boolean }, void, undefined> {
    let held: Buffer[] = [];
    let bytes = 0;
    let count = 0;
    for await (const chunk of content) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('not bytes');
      held.push(chunk);
      bytes += chunk.length;
      if (bytes < this.#partBytes * (count < smallParts ? 1 : 8)) continue;
      yield { body: Buffer.concat(held), last: false };
      count += 1;
      held = [];
      bytes = 0;
    }
    yield { body: Buffer.concat(held), last: true };
  }

  async #begin(key: string): Promise<string> {
    const answer = await (await this.#ask({ method: 'POST', key, query: { uploads: '' } })).text();
    const id = inner(answer, 'UploadId');
    if (id === undefined) throw this.#failed('it began no upload');
    return id;
  }

  async #putPart(key: string, uploadId: string, number: number, body: Buffer): Promise<string> {
    const query = { partNumber: String(number), uploadId };
    const { headers } = await this.#ask({ method: 'PUT', key, query, body });
    const etag = headers.get('etag');
    if (etag === null) throw this.#failed('it named no part');
    return etag;
  }

  async #complete(key: string, uploadId: string, etags: readonly string[]): Promise<void> {
    const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
    const answer = await (await this.#ask({ method: 'POST', key, query: { uploadId }, body, answers: [404] })).text();
    // A failure may come with status 200; of a repeat whose first try did it, with 404: the caller looks at the size.
    const code = inner(answer, 'Code');
    if (code !== undefined && code !== 'NoSuchUpload') throw this.#failed(`it did not complete the upload: ${code}`);
  }

  /** One request, tried again with growing pauses while it may yet work. @throws BackupError `target` */
  async #ask(asked: Asked, stop = new AbortController()): Promise<Response> {
    let why = '';
    for (let attempt = 0; attempt < tries; attempt++) {
      if (attempt > 0) await delay((this.#options.backoffMs ?? 300) * 2 ** (attempt - 1) * (0.5 + Math.random()));
      const timer = setTimeout(() => stop.abort(), this.#timeoutMs);
      try {
        const response = await fetch(await this.#signed(asked), { signal: stop.signal });
        if (response.ok || asked.answers?.includes(response.status) === true) return response;
        const code = inner(await response.text().catch(() => ''), 'Code') ?? `status ${response.status}`;
        if (!again.has(response.status)) throw this.#failed(explained(code));
        why = code;
      } catch (error) {
        if (error instanceof BackupError) throw error;
        why = stop.signal.aborted ? 'no answer' : causeOf(error);
        stop = new AbortController();
      } finally {
        clearTimeout(timer);
      }
    }
    throw this.#failed(`${why} (tried ${tries} times)`);
  }

  async #signed({ method, key, query = {}, body, headers = {} }: Asked): Promise<Request> {
    const { endpoint, bucket, prefix, region } = this.#options;
    const url = new URL(endpoint);
    const path = key === undefined ? bucket : `${bucket}/${prefix}${key}`;
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${path.split('/').map(encodeURIComponent).join('/')}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const hash = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    return await this.#aws.sign(url.href, {
      method,
      headers: { ...headers, 'x-amz-content-sha256': hash },
      ...(body ? { body: new Uint8Array(body) } : {}),
      aws: { service: 's3', region },
    });
  }

  #failed(why: string): BackupError {
    return new BackupError('target', `${this.title}: ${why}`);
  }
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of the first element of this name. S3's answers are flat enough for that. */
function inner(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1];
  return found?.replaceAll(/&(\w+);/g, (whole, entity: string) => entities[entity] ?? whole);
}

function explained(code: string): string {
  if (code === 'SignatureDoesNotMatch') return 'refused: the secret key is wrong (SignatureDoesNotMatch)';
  if (code === 'InvalidAccessKeyId') return 'refused: there is no such key id (InvalidAccessKeyId)';
  if (code === 'RequestTimeTooSkewed') return 'refused: the clock of this machine is wrong (RequestTimeTooSkewed)';
  if (code === 'NoSuchBucket') return 'there is no such bucket (NoSuchBucket)';
  return `refused: ${code}`;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return error instanceof Error ? error.message : 'it failed';
}

async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The same bytes; fails when none come for a while. */
function silenceEnds(source: Readable, ms: number): Readable {
  const guarded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      timer.refresh();
      done(null, chunk);
    },
    destroy(error, done) {
      clearTimeout(timer);
      source.destroy();
      done(error);
    },
  });
  const timer = setTimeout(() => guarded.destroy(new Error('the download fell silent')), ms);
  source.on('error', (error) => guarded.destroy(error));
  source.pipe(guarded);
  return guarded;
}
