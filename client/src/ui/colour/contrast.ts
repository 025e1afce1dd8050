/**
 * Colour arithmetic for the token test. Sources: OKLab by Björn Ottosson (conversion matrices), WCAG 2.2 (relative luminance, contrast ratio).
 */
export interface Oklch {
  /** 0…1 */ l: number;
  /** 0…about 0.37 */ c: number;
  /** degrees */ h: number;
}

/** Parses `oklch(0.45 0.08 200)`; `undefined` for anything else, also for a colour with alpha. */
export function parseOklch(text: string): Oklch | undefined {
  const match = /^oklch\(\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*\)$/.exec(text.trim());
  if (!match) return undefined;
  return { l: Number(match[1]), c: Number(match[2]), h: Number(match[3]) };
}

/** Linear-light sRGB, not clamped: a component outside 0…1 is outside what a screen shows. */
export function toLinearSrgb({ l, c, h }: Oklch): [number, number, number] {
  const a = c * Math.cos((h * Math.PI) / 180);
  const b = c * Math.sin((h * Math.PI) / 180);
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

/** True when sRGB can show the colour (within a hair), so that browsers do not have to shift it. */
export function inSrgb(colour: Oklch): boolean {
  return toLinearSrgb(colour).every((x) => x > -0.002 && x < 1.002);
}

/** WCAG relative luminance, 0 (black) to 1 (white). */
export function luminance(colour: Oklch): number {
  const [r, g, b] = toLinearSrgb(colour).map((x) => Math.min(1, Math.max(0, x)));
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

/** WCAG contrast ratio, 1 to 21. */
export function contrast(a: Oklch, b: Oklch): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

/**
 * Reads the colour tokens out of the stylesheet's text.
 * @returns the light theme (the `@theme static` block) and the dark one (light overridden by the `[data-theme='dark']` blocks), name without `--color-`.
 */
export function readThemes(css: string): { light: Map<string, string>; dark: Map<string, string> } {
  const read = (body: string): [string, string][] =>
    [...body.matchAll(/--color-([a-z-]+):\s*([^;]+);/g)].map((m) => [m[1] ?? '', (m[2] ?? '').trim()]);
  const light = new Map(read(/@theme static \{([^}]*)\}/.exec(css)?.[1] ?? ''));
  const dark = new Map(light);
  for (const block of css.matchAll(/^\[data-theme='dark'\] \{([^}]*)\}/gm)) {
    for (const [name, value] of read(block[1] ?? '')) dark.set(name, value);
  }
  return { light, dark };
}
