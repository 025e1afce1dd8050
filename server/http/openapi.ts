import { z } from 'zod';
import { isOperationName, methodOf, operationOf, operations, pathOf } from '../../shared/contract/index.ts';
import { routes } from '../../shared/contract/routes.ts';
import { contractVersion, errorReply } from '../../shared/contract/wire.ts';
import { errorStatus } from '../../shared/errors.ts';
import type { Operation } from '../../shared/contract/define.ts';
import { version } from '../support/version.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document, made from the contract (3.1 schemas are JSON Schema 2020-12, which zod writes). */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const name of Object.keys(operations)) {
    if (!isOperationName(name)) continue;
    const operation = operationOf(name);
    paths[pathOf(name)] = { [methodOf(operation)]: describe(name, operation) };
  }
  for (const route of Object.values(routes)) {
    const type = route.output instanceof z.ZodString ? 'text/plain' : 'application/json';
    paths[route.path] = {
      ...paths[route.path],
      [route.method]: {
        tags: [route.path.startsWith('/api/v1/files') ? 'files' : 'system'],
        summary: route.summary,
        ...('signedIn' in route ? {} : { security: [] }),
        ...('parameters' in route
          ? { parameters: route.parameters.map((one) => ({ ...one, schema: { type: 'string' } })) }
          : {}),
        ...('body' in route ? { requestBody: { required: true, content: binary(route.body) } } : {}),
        responses: { 200: { description: 'OK', content: { [type]: { schema: schemaOf(route.output, 'output') } } } },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Nadi', version, description: `Contract version ${contractVersion}.` },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: {
        Error: schemaOf(errorReply, 'output'),
        ErrorCode: { type: 'string', enum: Object.keys(errorStatus) },
      },
    },
  };
}

function binary(types: readonly string[]): Json {
  return Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
}

function describe(name: string, operation: Operation): Json {
  const get = methodOf(operation) === 'get';
  const input = schemaOf(operation.input, 'input');
  const error = {
    description: 'A coded error',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
  const data = schemaOf(operation.output, 'output');
  const ok = { type: 'object', required: ['ok', 'data'], properties: { ok: { const: true }, data } };
  return {
    operationId: name,
    tags: [name.split('.')[0]],
    summary: operation.summary,
    'x-roles': operation.roles === 'public' ? [] : operation.roles,
    ...(operation.permission ? { 'x-staff-permission': operation.permission } : {}),
    ...(operation.roles === 'public' ? { security: [] } : {}),
    ...(get
      ? { parameters: parametersOf(input) }
      : { requestBody: { required: true, content: { 'application/json': { schema: input } } } }),
    ...(operation.kind === 'command'
      ? {
          parameters: [
            { name: 'Idempotency-Key', in: 'header', schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{8,64}$' } },
          ],
        }
      : {}),
    responses: {
      200: { description: 'OK', content: { 'application/json': { schema: ok } } },
      default: error,
    },
  };
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

function parametersOf(schema: Json): Json[] {
  const { properties, required } = objectSchema.parse(schema);
  return Object.entries(properties).map(([name, of]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: of,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
