import { lookup } from 'node:dns';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Outcome } from './types.ts';

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
  readonly timeoutMs: number;
  /** Where addresses come from strangers: never connect to our own network. */
  readonly publicOnly?: boolean;
  readonly signal?: AbortSignal;
}
export interface OutgoingReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const maxReplyBytes = 256 * 1024;

/** A request failed. `handedOver`: whether the other side may have got all of it. */
export class OutgoingError extends Error {
  readonly handedOver: boolean;
  constructor(reason: string, handedOver: boolean) {
    super(reason);
    this.handedOver = handedOver;
  }
}

/**
 * One HTTP request to a provider, with a deadline over all of it and no redirects.
 * @throws OutgoingError
 */
export function outgoing(url: string, options: OutgoingRequest): Promise<OutgoingReply> {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    if (options.publicOnly === true && isIP(bare(target.hostname)) !== 0 && isPrivate(bare(target.hostname))) {
      reject(new OutgoingError('private-address', false));
      return;
    }
    let handedOver = false;
    const request = (target.protocol === 'https:' ? https : http)(target, {
      method: options.method,
      headers: options.headers,
      ...(options.publicOnly === true ? { lookup: publicLookup } : {}),
      agent: false,
    });
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(new OutgoingError(reason, handedOver));
      request.destroy();
    };
    const timer = setTimeout(() => fail('timeout'), options.timeoutMs);
    options.signal?.addEventListener('abort', () => fail('stopped'), { once: true });
    request.on('error', (error) => fail(codeOf(error)));
    request.on('finish', () => (handedOver = true));
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > maxReplyBytes) fail('reply-too-large');
        else parts.push(part);
      });
      response.on('error', (error) => fail(codeOf(error)));
      response.on('end', () => {
        clearTimeout(timer);
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(parts).toString('utf8') });
      });
    });
    request.end(options.body);
  });
}

/** What a failed request says about its message. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof OutgoingError)) return { kind: 'retry', reason: 'failed' };
  if (error.message === 'private-address') return { kind: 'refused', reason: error.message };
  return { kind: error.handedOver ? 'unknown' : 'retry', reason: error.message };
}

/** `Retry-After` in ms: seconds or a date; undefined when there is none worth following. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined || value.trim() === '') return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const refused = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  refused.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96],
  ['2002::', 16],
] as const)
  refused.addSubnet(net, bits, 'ipv6');

/** True for an address of this machine or its network. */
export function isPrivate(address: string): boolean {
  // BlockList sees through IPv4 inside IPv6 (::ffff:10.0.0.1) by itself.
  return refused.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    if (addresses.some(({ address }) => isPrivate(address))) {
      return callback(Object.assign(new Error('private-address'), { code: 'private-address' }), []);
    }
    if (options.all === true) return callback(null, addresses);
    const first = addresses[0];
    if (!first) return callback(Object.assign(new Error('no-address'), { code: 'no-address' }), []);
    callback(null, first.address, first.family);
  });
};

const bare = (host: string): string => host.replace(/^\[|\]$/g, '');

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'connection';
}
