import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Db } from 'mongodb';
import { z } from 'zod';
import { hashOf, linked, signedBy, type RootSigner } from './chain.ts';
import { databaseSource } from './sources.ts';
import type { AuditSource, Part } from './verify.ts';
import type { TrustedKeys } from './Witness.ts';

const json = z.record(z.string(), z.unknown());
const part = z.object({ chain: z.string(), n: z.int(), prev: z.string(), last: z.int(), hash: z.string() });
/** The last line of a file: what it holds, signed by who made it. */
const manifest = z.object({
  kind: z.literal('nadi-audit-manifest'),
  v: z.literal(1),
  from: z.number(),
  to: z.number(),
  madeAt: z.number(),
  records: z.int(),
  parts: z.array(part),
  publicKey: z.string(),
  signature: z.string(),
});

export interface Span {
  /** UTC ms, both included. */
  readonly from: number;
  readonly to: number;
}

/**
 * The records of a time as lines of JSON, chain by chain, and as the last line a signed list of what they are. Of each chain one unbroken
 * part: from its first record in the time to the last before one that is outside.
 */
export async function* exportLines(
  db: Db,
  signer: RootSigner,
  { from, to }: Span,
  now: number,
): AsyncGenerator<string> {
  const parts: z.infer<typeof part>[] = [];
  let records = 0;
  let over: string | null = null;
  for await (const { raw } of databaseSource(db).records()) {
    const read = linked.safeParse(raw);
    if (!read.success) continue;
    const { chain, n, prev, hash, at } = read.data;
    if (over === chain) continue;
    let current = parts.at(-1);
    if (current?.chain !== chain) {
      if (at < from || at > to) continue;
      parts.push((current = { chain, n, prev, last: n, hash }));
    } else if (at > to) {
      over = chain;
      continue;
    }
    Object.assign(current, { last: n, hash });
    records += 1;
    yield JSON.stringify(raw);
  }
  const { publicKey } = signer;
  const content = { kind: 'nadi-audit-manifest', v: 1, from, to, madeAt: now, records, parts, publicKey } as const;
  yield JSON.stringify({ ...content, signature: signer.sign(hashOf(content)) });
}

/** Why a file cannot be verified at all. */
export class BadExport extends Error {}

/**
 * The log a file holds.
 * @throws BadExport when its last line is missing or not signed by a trusted key.
 */
export async function fileSource(file: string, trusted: TrustedKeys): Promise<AuditSource> {
  let lastLine: Record<string, unknown> | null = null;
  for await (const one of lines(file)) lastLine = one;
  const read = manifest.safeParse(lastLine);
  if (!read.success)
    throw new BadExport('the last line is not the list of what the file holds: it is cut off, or no export');
  const { signature, publicKey, parts } = read.data;
  if (trusted && !trusted.has(publicKey)) throw new BadExport('the file was signed with a key that is not yours');
  if (!signedBy(publicKey, hashOf({ ...lastLine }), signature)) {
    throw new BadExport('the list of what the file holds was changed after it was signed');
  }
  return {
    parts: new Map<string, Part>(parts.map(({ chain, ...rest }) => [chain, rest])),
    roots: async function* () {
      for await (const one of lines(file)) if (one['root'] === true) yield one;
    },
    records: async function* () {
      for await (const raw of lines(file)) if (raw['kind'] !== 'nadi-audit-manifest') yield { raw, id: undefined };
    },
  };
}

/** The JSON lines of a file; one that is none stands for a record that cannot be read. */
export async function* lines(file: string): AsyncGenerator<Record<string, unknown>> {
  const input = createReadStream(file, 'utf8');
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    yield parse(line);
  }
}

function parse(line: string): Record<string, unknown> {
  try {
    return json.parse(JSON.parse(line));
  } catch {
    return {};
  }
}
