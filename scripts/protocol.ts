import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import type { Operation } from '../shared/contract/define.ts';
import {
  channelOf,
  channels,
  isChannelName,
  isOperationName,
  methodOf,
  operationOf,
  operations,
  pathOf,
} from '../shared/contract/index.ts';
import { routes } from '../shared/contract/routes.ts';
import * as wire from '../shared/contract/wire.ts';
import { errorStatus } from '../shared/errors.ts';
import { limits } from '../shared/limits.ts';
import { chatEvent } from '../shared/state/chat.ts';
import { queueEvent } from '../shared/state/queue.ts';
import { ROOT } from './support/paths.ts';

/** `docs/protocol.md`, made from the contract: `npx tsx scripts/protocol.ts` writes it, a contract test keeps it up to date. */
export const PROTOCOL = path.join(ROOT, 'docs/protocol.md');

const node = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.unknown().optional(),
});

/** A JSON schema in one line, as a programmer would say it: `{ entryId: uuid, text: string ≤ 4000 }`. */
function say(schema: unknown): string {
  const parsed = node.safeParse(schema);
  if (!parsed.success) return 'any';
  const one = parsed.data;
  const choices = one.anyOf ?? one.oneOf;
  if (choices) return choices.map(say).join(' | ');
  if (one.const !== undefined) return JSON.stringify(one.const);
  if (one.enum) return one.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (one.properties) return object(one.properties, one.required ?? []);
  if (one.prefixItems) return `[${one.prefixItems.map(say).join(', ')}]`;
  if (one.type === 'array') return `${say(one.items)}[]`;
  if (one.type === 'object') return `{ [key]: ${say(one.additionalProperties)} }`;
  if (one.type === 'integer' || one.type === 'number') return number(one);
  if (one.format !== undefined) return one.format;
  if (one.type === 'string') return one.maxLength === undefined ? 'string' : `string ≤ ${one.maxLength}`;
  return typeof one.type === 'string' ? one.type : 'any';
}

function object(properties: Record<string, unknown>, required: readonly string[]): string {
  const fields = Object.entries(properties).map(([name, of]) => {
    const byDefault = node.parse(of).default;
    const mark = required.includes(name) && byDefault === undefined ? '' : '?';
    return `${name}${mark}: ${say(of)}${byDefault === undefined ? '' : ` = ${JSON.stringify(byDefault)}`}`;
  });
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function number(one: z.infer<typeof node>): string {
  const whole = one.type === 'integer' ? 'int' : 'number';
  const low = one.minimum !== undefined && one.minimum > Number.MIN_SAFE_INTEGER ? ` ≥ ${one.minimum}` : '';
  const high = one.maximum !== undefined && one.maximum < Number.MAX_SAFE_INTEGER ? ` ≤ ${one.maximum}` : '';
  return `${whole}${low}${high}`;
}

const schema = (type: z.ZodType, io: 'input' | 'output' = 'output'): string =>
  `\`${say(z.toJSONSchema(type, { io, unrepresentable: 'any' }))}\``;

function whoMay({ roles, permission }: Pick<Operation, 'roles' | 'permission'>): string {
  if (roles === 'public') return 'public';
  return roles.map((role) => (role === 'staff' && permission ? `staff with \`${permission}\`` : role)).join(', ');
}

function operationText(name: string, operation: Operation): string {
  const method = methodOf(operation).toUpperCase();
  const over = operation.transports?.join(', ') ?? 'socket, http';
  const marks = [
    operation.kind,
    whoMay(operation),
    `rate: ${operation.rate}`,
    ...(operation.audited ? ['audited'] : []),
    ...(operation.sensitive ? ['never in a URL'] : []),
    ...(operation.once
      ? [operation.once === 'harmless' ? 'a repeat is harmless' : `repeats recognised by the ${operation.once}`]
      : []),
  ];
  return [
    `### ${name}`,
    operation.summary,
    `${marks.join(' · ')}. Over ${over}; HTTP: \`${method} ${pathOf(name)}\`.`,
    `- in: ${schema(operation.input, 'input')}\n- out: ${schema(operation.output)}`,
  ].join('\n\n');
}

function channelText(name: string): string {
  if (!isChannelName(name)) return '';
  const channel = channelOf(name);
  const shape =
    channel.type === 'stream'
      ? `- snapshot: ${schema(channel.snapshot)}\n- event: ${schema(channel.event)}`
      : `- state: ${schema(channel.state)}`;
  return [
    `### ${name}`,
    channel.summary,
    `${channel.type}${channel.type === 'view' && channel.patched ? ', as differences' : ''} · ${whoMay(channel)}`,
    shape,
  ].join('\n\n');
}

const versionOf = (event: z.ZodType): string =>
  [
    ...new Set(
      [...JSON.stringify(z.toJSONSchema(event)).matchAll(/"v":\{"type":"number","const":(\d+)\}/g)].map(
        (found) => found[1],
      ),
    ),
  ].join(', ');

/** The whole document, formatted as the repository's other files. */
export async function protocolDocument(): Promise<string> {
  const envelopes: [string, z.ZodType, string][] = [
    ['Handshake `auth`', wire.handshake, 'refused with `connect_error`, `data: { code, traceId }`'],
    [
      '`op`, client → hub',
      wire.opFrame,
      'acknowledged with a reply; commands carry a request id, a repeat the same one',
    ],
    ['`subscribe`, client → hub', wire.subscribeFrame, 'acknowledged with a reply whose data is what follows'],
    [
      'data of a `subscribe` reply',
      wire.subscribed,
      'events when `since` is near, else a snapshot; a view has its latest state',
    ],
    ['`unsubscribe`, client → hub', wire.unsubscribeFrame, 'acknowledged with a reply'],
    [
      '`batch`, hub → client',
      wire.batchFrame,
      'events `from`…`to` of a stream, none missing; on a gap or another epoch subscribe again',
    ],
    ['`view`, hub → client', wire.viewFrame, 'the latest state; the newer `rev` wins (epoch, seq, tick)'],
    [
      '`patch`, hub → client',
      wire.patchFrame,
      'differences of a view marked as such: apply on revision `from`, else subscribe again',
    ],
    ['`activity`, client → hub', wire.activityFrame, 'acknowledged with a reply; makes this socket away or not'],
    ['`move`, hub → client', wire.moveFrame, 'the hub stops: connect anew within that time, then leave this socket'],
    ['`closed`, hub → client', wire.closedFrame, 'a subscription ended because access was taken away'],
    [
      '`resync`, hub → client',
      wire.resyncFrame,
      'frames were left out because the socket did not keep up: `subscribe` anew, with `since` for a stream',
    ],
    ['reply: done', wire.okReply, ''],
    ['reply: refused', wire.errorReply, 'what a person reads is the translation of `code`'],
  ];
  const text = [
    '# Protocol',
    '<!-- Made by scripts/protocol.ts from shared/contract. Do not edit. -->',
    `Contract version ${wire.contractVersion}: a client sends it in its handshake; an outdated one is told \`OUTDATED_CLIENT\`.`,
    `Operations travel over Socket.IO (WebSocket, default path; long-polling where an installation allows it) or over HTTP with \`Authorization: Bearer …\`, through the same door. A request or frame holds at most ${limits.requestBytes} bytes, a socket at most ${limits.subscriptionsPerSocket} subscriptions.`,
    '## Envelopes',
    ...envelopes.map(([what, type, note]) => `- ${what}: ${schema(type)}${note === '' ? '' : ` (${note})`}`),
    '## Operations',
    ...Object.keys(operations)
      .filter(isOperationName)
      .map((name) => operationText(name, operationOf(name))),
    '## Channels',
    ...Object.keys(channels).map(channelText),
    '## Event versions',
    `Stored events carry \`v\`; older ones are brought up to date when read. queue: ${versionOf(queueEvent)}; chat: ${versionOf(chatEvent)}.`,
    '## Other routes',
    Object.values(routes)
      .map((route) => `- \`${route.method.toUpperCase()} ${route.path}\`: ${route.summary}`)
      .join('\n'),
    '## Error codes',
    [
      '| code | HTTP status |',
      '| --- | --- |',
      ...Object.entries(errorStatus).map(([code, status]) => `| ${code} | ${status} |`),
    ].join('\n'),
  ].join('\n\n');
  return await format(text, { ...(await resolveConfig(PROTOCOL)), parser: 'markdown' });
}

/** True when the committed document says what the contract says. */
export async function protocolIsUpToDate(): Promise<boolean> {
  return (await readFile(PROTOCOL, 'utf8').catch(() => '')) === (await protocolDocument());
}

if (process.argv[1] === import.meta.filename) await writeFile(PROTOCOL, await protocolDocument());
