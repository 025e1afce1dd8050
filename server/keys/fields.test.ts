import { expect, test } from 'vitest';
import { z } from 'zod';
import { chatEvent } from '../../shared/state/chat.ts';
import { notificationEvent } from '../../shared/state/notifications.ts';
import { queueEvent } from '../../shared/state/queue.ts';
import { chatKind } from '../chat/kind.ts';
import { notificationsKind } from '../notify/kind.ts';
import { queueKind } from '../queue/kind.ts';
import { clearEventTexts, sealedEvents, type SealedEventSpec } from './fields.ts';

/** Paths of strings that could hold anything a person wrote: not ids, enums and literals. Unknown shapes count, too. */
function freeStrings(schema: z.core.$ZodType, path: string): string[] {
  const { def } = schema._zod;
  const inner = (one: z.core.$ZodType, name = ''): string[] => freeStrings(one, path + name);
  if (schema instanceof z.core.$ZodStringFormat && schema._zod.def.format === 'uuid') return [];
  if (schema instanceof z.core.$ZodObject) {
    return Object.entries(schema._zod.def.shape).flatMap(([name, field]) => inner(field, `.${name}`));
  }
  if (schema instanceof z.core.$ZodArray) return inner(schema._zod.def.element);
  if (schema instanceof z.core.$ZodUnion) return schema._zod.def.options.flatMap((option) => inner(option));
  if (schema instanceof z.core.$ZodRecord) {
    return [...inner(schema._zod.def.keyType), ...inner(schema._zod.def.valueType, '.*')];
  }
  if (schema instanceof z.core.$ZodOptional || schema instanceof z.core.$ZodNullable) {
    return inner(schema._zod.def.innerType);
  }
  if (schema instanceof z.core.$ZodDefault) return inner(schema._zod.def.innerType);
  return ['number', 'int', 'boolean', 'enum', 'literal', 'null'].includes(def.type) ? [] : [path];
}

const kinds: Readonly<Record<string, z.ZodDiscriminatedUnion>> = {
  [chatKind.name]: chatEvent,
  [queueKind.name]: queueEvent,
  [notificationsKind.name]: notificationEvent,
};

function found(union: z.ZodDiscriminatedUnion): string[] {
  return union.options.flatMap((option) => {
    if (!(option instanceof z.ZodObject)) throw new Error('an event is an object');
    const { type, data } = option.shape;
    if (!(type instanceof z.ZodLiteral) || !(data instanceof z.core.$ZodType)) throw new Error('no event');
    return freeStrings(data, String(type.value));
  });
}

function listed(kind: string): string[] {
  const sealed: Readonly<Record<string, Readonly<Record<string, SealedEventSpec>>>> = sealedEvents;
  return Object.entries(sealed[kind] ?? {}).flatMap(([type, { fields }]) => fields.map((field) => `${type}.${field}`));
}

test.each(Object.entries(kinds))(
  'every free text of a %s event is sealed, or is in the clear for a reason',
  (kind, union) => {
    const clear = clearEventTexts[kind] ?? {};
    const sealed = listed(kind);
    const under = (path: string): boolean => sealed.some((field) => path === field || path.startsWith(`${field}.`));
    const undecided = [...new Set(found(union))].filter((path) => !under(path) && !Object.hasOwn(clear, path));
    expect(undecided).toEqual([]);
    // And the lists name nothing that is not there.
    for (const field of sealed)
      expect(found(union).some((path) => path === field || path.startsWith(`${field}.`))).toBe(true);
    for (const path of Object.keys(clear)) expect(found(union)).toContain(path);
  },
);

test('a new free text is noticed', () => {
  const more = z.object({
    entryId: z.uuid(),
    why: z.string().max(9).optional(),
    list: z.array(z.object({ note: z.string() })),
  });
  expect(freeStrings(more, 'held')).toEqual(['held.why', 'held.list.note']);
  expect(freeStrings(z.object({ any: z.unknown(), text: z.string().transform((text) => text.trim()) }), 'x')).toEqual([
    'x.any',
    'x.text',
  ]);
});
