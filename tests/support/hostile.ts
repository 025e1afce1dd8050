import fc from 'fast-check';

/** Values that programs trip over: wrong types, prototype keys, database operators, control characters, endless nesting. */
const nasty: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  -0,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  0.1,
  '',
  ' ',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  '\u0000',
  'a\u0000b\u0007\u001b[31m',
  '\ud800',
  'x\udfffy',
  '\u202egnp.exe',
  '../../etc/passwd',
  '$where',
  "'; DROP TABLE events; --",
  '<script>alert(1)</script>',
  'A'.repeat(20_000),
  '\u0301'.repeat(5_000),
  [],
  [[[[]]]],
  {},
  { $gt: '' },
  { $ne: null },
  { $where: 'sleep(1000)' },
  { $regex: '^' },
  { toString: 'no' },
  { length: 1e9 },
  { then: 'not a promise' },
  JSON.parse('{"__proto__":{"roles":["admin"]}}'),
  JSON.parse('{"constructor":{"prototype":{"admin":true}}}'),
];

function deep(levels: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < levels; i++) value = i % 2 ? { a: value } : [value];
  return value;
}

const wrong = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...nasty) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2_000 }).map(deep) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

/**
 * Payloads for an operation, made from one that fits it: keys missing, extra or of the wrong kind, the whole thing replaced,
 * and the fitting shape with values of somebody else.
 */
export function hostilePayloads(
  fitting: Readonly<Record<string, unknown>>,
  foreign: Readonly<Record<string, unknown>>,
): fc.Arbitrary<unknown> {
  const keys = Object.keys(fitting);
  const someKey = keys.length > 0 ? fc.constantFrom(...keys) : fc.constant('nothing');
  const ownKeys = fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    '$where',
    'extra',
    'roles',
    'accountId',
    'toString',
    '',
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(someKey, wrong).map(([key, value]) => withKey(fitting, key, value)) },
    { weight: 2, arbitrary: fc.tuple(ownKeys, wrong).map(([key, value]) => withKey(fitting, key, value)) },
    {
      weight: 1,
      arbitrary: someKey.map((key) => Object.fromEntries(Object.entries(fitting).filter(([name]) => name !== key))),
    },
    { weight: 1, arbitrary: wrong },
    {
      weight: 2,
      arbitrary: fc
        .subarray(keys, { minLength: Math.min(1, keys.length) })
        .map((some) => mixed(fitting, foreign, some)),
    },
  );
}

/** As `JSON.parse` would: `__proto__` becomes a key like any other. */
function withKey(base: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const copy: Record<string, unknown> = { ...base };
  Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

function mixed(
  fitting: Readonly<Record<string, unknown>>,
  foreign: Readonly<Record<string, unknown>>,
  keys: readonly string[],
) {
  return { ...fitting, ...Object.fromEntries(keys.filter((key) => key in foreign).map((key) => [key, foreign[key]])) };
}

/** Strings inside a payload that are long enough to be recognised when a reply repeats them. */
export function tellingStrings(value: unknown, found: string[] = [], depth = 0): string[] {
  if (depth > 50) return found;
  if (typeof value === 'string') {
    if (value.length >= 12) found.push(value);
  } else if (Array.isArray(value)) {
    for (const one of value) tellingStrings(one, found, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const one of Object.values(value)) tellingStrings(one, found, depth + 1);
  }
  return found;
}
