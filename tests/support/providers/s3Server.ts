import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type S3Fault = 'slowDown' | 'hang' | 'reset' | 'truncate';

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/**
 * A storage server as S3 is: checks every signature (version 4) by itself from the specification, keeps objects in memory, knows parts,
 * ranges and listing in pages; and fails when told to.
 */
export class S3Server {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, Map<number, Buffer>>();
  /** What was asked, as `METHOD path?query`. */
  readonly asked: string[] = [];
  /** For the next requests whose line matches, each once; the first `after` of them pass. */
  readonly faults: { readonly on: RegExp; readonly fault: S3Fault; after?: number }[] = [];
  readonly keyId = 'AKIATEST';
  readonly secret = randomBytes(20).toString('hex');
  readonly region = 'ap-south-1';
  readonly bucket = 'clinic-backups';
  /** Objects on a page of a list. */
  pageSize = 2;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part);
    const body = Buffer.concat(parts);
    const url = new URL(request.url ?? '/', 'http://s3');
    const line = `${request.method} ${request.url}`;
    this.asked.push(line);
    const fault = this.#faultOn(line);
    if (fault === 'hang') return;
    if (fault === 'reset') return void request.socket.destroy();
    if (fault === 'slowDown') return this.#fail(response, 503, 'SlowDown');
    const wrong = this.#checked(request, url, body);
    if (wrong !== null) return this.#fail(response, 403, wrong);
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (bucket !== this.bucket) return this.#fail(response, 404, 'NoSuchBucket');
    this.#answer(request, response, rest.join('/'), url.searchParams, body, fault === 'truncate');
  }

  #faultOn(line: string): S3Fault | undefined {
    const at = this.faults.findIndex(({ on }) => on.test(line));
    const found = this.faults[at];
    if (!found) return undefined;
    if (found.after !== undefined && found.after > 0) {
      found.after -= 1;
      return undefined;
    }
    this.faults.splice(at, 1);
    return found.fault;
  }

  #answer(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    key: string,
    query: URLSearchParams,
    body: Buffer,
    truncate: boolean,
  ): void {
    const upload = this.uploads.get(query.get('uploadId') ?? '');
    if (query.has('uploadId') && !upload) return this.#fail(response, 404, 'NoSuchUpload');
    if (method === 'GET' && key === '') return this.#list(response, query);
    if (method === 'POST' && query.has('uploads')) {
      const id = randomBytes(8).toString('hex');
      this.uploads.set(id, new Map());
      return void response.end(
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (method === 'PUT' && upload) {
      upload.set(Number(query.get('partNumber')), body);
      return void response.writeHead(200, { etag: `"${sha256(body)}"` }).end();
    }
    if (method === 'POST' && upload) return this.#complete(response, key, query.get('uploadId') ?? '', upload, body);
    if (method === 'DELETE' && upload) {
      this.uploads.delete(query.get('uploadId') ?? '');
      return void response.writeHead(204).end();
    }
    if (method === 'PUT') {
      this.objects.set(key, body);
      return void response.writeHead(200, { etag: `"${sha256(body)}"` }).end();
    }
    if (method === 'DELETE') {
      this.objects.delete(key);
      return void response.writeHead(204).end();
    }
    const found = this.objects.get(key);
    if (!found) return this.#fail(response, 404, 'NoSuchKey');
    if (method === 'HEAD') return void response.writeHead(200, { 'content-length': found.length }).end();
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (from >= found.length) return this.#fail(response, 416, 'InvalidRange');
    const piece = found.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': piece.length });
    if (!truncate) return void response.end(piece);
    response.write(piece.subarray(0, Math.ceil(piece.length / 3)), () => response.destroy());
  }

  #complete(response: ServerResponse, key: string, id: string, parts: ReadonlyMap<number, Buffer>, body: Buffer): void {
    const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"(\w+)"<\/ETag>/g)];
    const chosen = named.map(([, number, etag]) => ({ part: parts.get(Number(number)), etag }));
    const fits = chosen.every(({ part, etag }) => part && sha256(part) === etag);
    const small = chosen.slice(0, -1).some(({ part }) => (part?.length ?? 0) < 5 * 1024 * 1024);
    // As S3 does: a failure may come with status 200.
    if (!fits || small) return this.#fail(response, 200, small ? 'EntityTooSmall' : 'InvalidPart');
    this.objects.set(key, Buffer.concat(chosen.flatMap(({ part }) => part ?? [])));
    this.uploads.delete(id);
    response.end('<CompleteMultipartUploadResult/>');
  }

  #list(response: ServerResponse, query: URLSearchParams): void {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const names = [...this.objects.keys()].sort().filter((name) => name.startsWith(prefix) && name > after);
    const page = names.slice(0, this.pageSize);
    const more = names.length > page.length;
    const contents = page.map((name) => {
      const key = name.replaceAll('&', '&amp;');
      return `<Contents><Key>${key}</Key><Size>${this.objects.get(name)?.length ?? 0}</Size></Contents>`;
    });
    const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    response.end(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`);
  }

  #fail(response: ServerResponse, status: number, code: string): void {
    response.writeHead(status).end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  }

  /** The signature as the specification of version 4 says. Null when it is right. */
  #checked({ method, headers }: IncomingMessage, url: URL, body: Buffer): string | null {
    const found =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
        headers.authorization ?? '',
      );
    if (!found) return 'AccessDenied';
    const [, keyId, date = '', region = '', signed = '', signature] = found;
    if (keyId !== this.keyId) return 'InvalidAccessKeyId';
    if (region !== this.region) return 'AuthorizationHeaderMalformed';
    const time = String(headers['x-amz-date']);
    const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
    if (!(Math.abs(Date.now() - at) < 15 * 60_000)) return 'RequestTimeTooSkewed';
    const names = signed.split(';');
    for (const needed of ['host', 'x-amz-date', 'x-amz-content-sha256'])
      if (!names.includes(needed)) return 'AccessDenied';
    if (headers['x-amz-content-sha256'] !== sha256(body)) return 'XAmzContentSHA256Mismatch';
    const strict = (text: string): string =>
      encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
    const query = [...url.searchParams]
      .map(([name, value]) => `${strict(name)}=${strict(value)}`)
      .sort()
      .join('&');
    const lines = names.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
    const path = url.pathname
      .split('/')
      .map((part) => strict(decodeURIComponent(part)))
      .join('/');
    const canonical = [method, path, query, lines, signed, sha256(body)].join('\n');
    const scope = `${date}/${region}/s3/aws4_request`;
    const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
    const key = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${this.secret}`, date), region));
    return hmac(key, toSign).toString('hex') === signature ? null : 'SignatureDoesNotMatch';
  }
}
