import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../../server/http/openapi.ts';
import { readGrantKey, signGrant } from '../../server/consult/grant.ts';
import { protocolIsUpToDate } from '../../scripts/protocol.ts';
import {
  channelOf,
  channels,
  isChannelName,
  isOperationName,
  methodOf,
  operationOf,
  operations,
  pathOf,
} from '../../shared/contract/index.ts';
import { routes } from '../../shared/contract/routes.ts';
import { errorStatus } from '../../shared/errors.ts';
import { deskRoles, roles } from '../../shared/permissions.ts';
import enErrors from '../../client/src/i18n/en/errors.json' with { type: 'json' };
import hiErrors from '../../client/src/i18n/hi/errors.json' with { type: 'json' };

const names = Object.keys(operations).filter(isOperationName);

const schema = z.looseObject({});
const parameter = z.strictObject({
  name: z.string().min(1),
  in: z.enum(['query', 'header', 'path', 'cookie']),
  required: z.boolean().optional(),
  description: z.string().optional(),
  schema,
});
const content = z.record(z.string().regex(/^\w+\/[\w+.-]+$/), z.strictObject({ schema }));
/** What OpenAPI 3.1 says an operation object may hold (4.8.10), as far as we use it. */
const operationObject = z
  .looseObject({
    operationId: z.string().optional(),
    tags: z.array(z.string()),
    summary: z.string().min(1),
    security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
    parameters: z.array(parameter).optional(),
    requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
    responses: z.record(
      z.string().regex(/^([1-5](\d\d|XX)|default)$/),
      z.strictObject({ description: z.string(), content: content.optional() }),
    ),
  })
  .refine((one) => Object.keys(one).every((key) => known.has(key) || key.startsWith('x-')), 'unknown fields');
const known = new Set(['operationId', 'tags', 'summary', 'security', 'parameters', 'requestBody', 'responses']);
const openApi = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), operationObject),
  ),
  components: z.strictObject({ securitySchemes: z.record(z.string(), schema), schemas: z.record(z.string(), schema) }),
});

describe('the OpenAPI document', () => {
  const document = openApi.parse(openApiDocument());
  const found = (path: string, method: string) =>
    Object.entries(document.paths[path] ?? {}).find(([name]) => name === method)?.[1];

  test('lists every operation where it is served, and nothing else', () => {
    for (const name of names) {
      const operation = operationOf(name);
      const described = found(pathOf(name), methodOf(operation));
      expect(described).toMatchObject({ operationId: name, summary: operation.summary });
      expect(described?.security).toEqual(operation.roles === 'public' ? [] : undefined);
      const command = operation.kind === 'command';
      expect(described?.parameters?.some((one) => one.name === 'Idempotency-Key') ?? false).toBe(command);
    }
    for (const route of Object.values(routes)) expect(found(route.path, route.method)).toBeDefined();
    const paths = new Set([...names.map(pathOf), ...Object.values(routes).map((route) => route.path)]);
    expect(Object.keys(document.paths)).toHaveLength(paths.size);
  });

  test('every reference leads somewhere, and operation ids are unique', () => {
    const text = JSON.stringify(document);
    for (const [, target = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      expect(Object.keys(document.components.schemas)).toContain(target);
    }
    expect(text).not.toMatch(/"\$ref":"#\/(definitions|\$defs)/);
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(new Set(ids.filter(Boolean)).size).toBe(names.length);
  });

  test('what must not stand in an address has a body', () => {
    for (const name of names) {
      if (operationOf(name).sensitive !== true) continue;
      expect(found(pathOf(name), 'post')?.requestBody?.required).toBe(true);
      expect(found(pathOf(name), 'get')).toBeUndefined();
    }
  });
});

describe('the contract', () => {
  test('names are feature.verb and make distinct addresses', () => {
    for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-z][A-Za-z]*$/);
    expect(new Set(names.map(pathOf)).size).toBe(names.length);
  });

  test('every input is a closed object, so that nothing unknown comes in', () => {
    for (const name of names) {
      const { input } = operationOf(name);
      expect([name, input instanceof z.ZodObject]).toEqual([name, true]);
      const refused = input.safeParse({ nobodyAskedForThis: 1 });
      expect(refused.error?.issues.some((issue) => issue.code === 'unrecognized_keys')).toBe(true);
    }
  });

  test('who changes things is recorded, and a repeat is recognised', () => {
    for (const name of names) {
      const operation = operationOf(name);
      if (operation.kind !== 'command' || operation.roles === 'public') continue;
      // What is written in a chat or marked on one's own list is its own record, and saying again what holds changes
      // nothing; everything else leaves one.
      const ownRecord = /^(chat|notify)\./.test(name) && operation.once === 'stream';
      expect([name, operation.audited === true || ownRecord || operation.once === 'harmless']).toEqual([name, true]);
      const recognised = operation.once !== undefined || ['auth.logout', 'consult.join'].includes(name);
      expect([name, recognised]).toEqual([name, true]);
    }
  });

  test('whole queues are for desk roles only', () => {
    for (const name of Object.keys(channels).filter(isChannelName)) {
      const channel = channelOf(name);
      if (channel.roles === 'public') {
        // Public views are known by their key alone: never one that could be guessed or that names people.
        expect(['board', 'linkedPlace']).toContain(name);
        continue;
      }
      expect(channel.roles.every((role) => roles.includes(role))).toBe(true);
      if (['queue', 'directory', 'triages'].includes(name)) {
        expect(channel.roles.every((role) => deskRoles.some((desk) => desk === role))).toBe(true);
      }
    }
  });

  test.each([
    ['en', enErrors],
    ['hi', hiErrors],
  ] as const)('every error code has words in %s', (_language, words) => {
    const told = z.record(z.string(), z.string().min(1)).parse(words);
    for (const code of Object.keys(errorStatus)) expect([code, code in told]).toEqual([code, true]);
  });

  test('docs/protocol.md says what the contract says (npx tsx scripts/protocol.ts writes it)', async () => {
    expect(await protocolIsUpToDate()).toBe(true);
  });

  test('a grant is signed with the key it is given, and only an Ed25519 key will do', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const der = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    const id = '00000000-0000-4000-8000-000000000001';
    const seat = { aud: id, room: id, epoch: 1, peer: 'doctor-1', role: 'doctor', jti: id } as const;
    const may = { publish: true, subscribe: true, record: false };
    expect((await signGrant(readGrantKey(der), { ...seat, may }, 1_700_000_000_000)).split('.')).toHaveLength(3);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(() => readGrantKey(rsa.toString('base64'))).toThrow(/Ed25519/);
  });
});
