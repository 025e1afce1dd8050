import { AxeBuilder } from '@axe-core/playwright';
import { expect } from 'vitest';
import type { Page } from 'playwright-core';

export interface AccessibleOptions {
  /** What the page must say its language is. */
  readonly language?: string;
  /** Selectors of what is not ours to judge (a mail in a frame, say). */
  readonly exclude?: readonly string[];
}

/** No violation of WCAG 2.2 AA that axe can see, and nothing sticking out sideways, once everything has come to rest. */
export async function expectAccessible(page: Page, where: string, options: AccessibleOptions = {}): Promise<void> {
  // Endless ones (a pulse, a spinner) never end.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every((one) => one.playState !== 'running' || one.effect?.getTiming().iterations === Infinity),
  );
  const axe = new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
  for (const selector of options.exclude ?? []) axe.exclude(selector);
  const { violations } = await axe.analyze();
  const found = violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  expect(found).toEqual([]);
  if (options.language) expect(await page.evaluate(() => document.documentElement.lang)).toBe(options.language);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${where} sticks out sideways`).toBeLessThanOrEqual(0);
}
