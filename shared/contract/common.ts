import { z } from 'zod';
import { limits } from '../limits.ts';
import { permissionSets, roles } from '../permissions.ts';

/** Ids are UUIDs (v7 when new, v5 when derived from a request id); opaque to clients. */
export const id = z.uuid();
export const role = z.enum(roles);
export const permissionSet = z.enum(permissionSets);
/** UTC, milliseconds since the epoch. */
export const instant = z.int().nonnegative();

/** One line of text a person typed: trimmed, no control characters, no half characters (storing would change them). */
export const line = (max: number) =>
  z
    .string()
    .max(max * 4)
    .transform((text) => text.normalize('NFC').trim())
    .pipe(
      z
        .string()
        .min(1)
        .max(max)
        .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'control characters'),
    );

/** Several lines of text: trimmed; tabs and newlines are allowed, other control characters are not. */
export const text = (max: number, min = 1) =>
  z
    .string()
    .max(max * 4)
    .transform((value) => value.normalize('NFC').replace(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .min(min)
        .max(max)
        .regex(/^(?:[\n\t]|[^\p{Cc}\p{Cs}])*$/u, 'control characters'),
    );

export const personName = line(limits.nameChars);
export const phone = z
  .string()
  .max(limits.phoneChars)
  .regex(/^\+?[0-9][0-9 -]{6,18}$/);
export const language = z.enum(['en', 'hi']);
export type Language = z.infer<typeof language>;
export const gender = z.enum(['female', 'male', 'other', 'unstated']);
export const consultMode = z.enum(['video', 'in-person']);
export const priority = z.enum(['normal', 'urgent', 'emergency']);
export type ConsultMode = z.infer<typeof consultMode>;
export type Priority = z.infer<typeof priority>;
export type Gender = z.infer<typeof gender>;
