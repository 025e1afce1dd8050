/**
 * One text for one value: JSON with sorted keys and nothing between, as the JSON Canonicalization Scheme (RFC 8785) says.
 * What is undefined is left out, as the database leaves it out.
 * @throws TypeError for what JSON cannot carry: dates, functions, numbers that are not finite, half characters.
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (/\p{Cs}/u.test(value)) throw new TypeError('half a character has no canonical form');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`);
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
      if (!isPlain(value)) break;
      return `{${members(value).join(',')}}`;
    default:
  }
  throw new TypeError(`a ${typeof value} has no canonical form`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Keys in the order of their UTF-16 units, which is how JavaScript compares strings. */
function members(value: object): string[] {
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${canonical(key)}:${canonical(one)}`);
}
