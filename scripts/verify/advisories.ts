import { z } from 'zod';

/** A published weakness of a package. `vulnerable`: `<1.2.3`, or a lower and an upper bound; see `advisories.json`. */
export const advisories = z.array(
  z.strictObject({
    package: z.string().min(1),
    vulnerable: z.string().regex(/^(>=?\d+\.\d+\.\d+ )?<=?\d+\.\d+\.\d+$/, 'looks like ">=1.0.0 <1.2.3"'),
    advisory: z.string().min(1),
    why: z.string().min(1),
  }),
);
export type Advisory = z.infer<typeof advisories>[number];

const lockfile = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), name: z.string().optional() })),
});

/** What a lockfile installs, nested copies too. */
export function installed(lock: unknown): { name: string; version: string; path: string }[] {
  return Object.entries(lockfile.parse(lock).packages).flatMap(([path, { name, version }]) => {
    const at = path.lastIndexOf('node_modules/');
    if (at < 0 || version === undefined) return [];
    return [{ name: name ?? path.slice(at + 'node_modules/'.length), version, path }];
  });
}

/** Every package of a lockfile that a known weakness is in, as a sentence each. */
export function weaknesses(lock: unknown, known: readonly Advisory[]): string[] {
  return installed(lock).flatMap(({ name, version, path }) =>
    known
      .filter((one) => one.package === name && inRange(version, one.vulnerable))
      .map((one) => `${name} ${version} (${path}): ${one.why}, ${one.advisory}; not ${one.vulnerable}`),
  );
}

/** Whether a version lies between the bounds. A pre-release counts as before its release. */
export function inRange(version: string, range: string): boolean {
  return range.split(' ').every((bound) => {
    const [, sign = '', of = ''] = /^([<>]=?)(.+)$/.exec(bound) ?? [];
    const order = compare(version, of);
    if (order === 0) return sign.endsWith('=');
    return sign.startsWith('<') ? order < 0 : order > 0;
  });
}

function compare(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left.parts[i] ?? 0) - (right.parts[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(right.early) - Number(left.early);
}

function numbers(version: string): { parts: number[]; early: boolean } {
  const [plain = '', early] = version.split('+', 1)[0]?.split('-') ?? [];
  return { parts: plain.split('.').map(Number), early: early !== undefined };
}
