/** Desks on one screen; more of them take turns. */
export const desksPerPage = 6;
/** How long each page of desks is shown, ms. */
export const pageMs = 12_000;

/** The desks of a board in pages of about the same size, in their order. */
export function pagesOf<T>(desks: readonly T[]): T[][] {
  const count = Math.max(1, Math.ceil(desks.length / desksPerPage));
  const size = Math.ceil(desks.length / count);
  return Array.from({ length: count }, (_, page) => desks.slice(page * size, (page + 1) * size));
}

/** Which page is on the screen: the one of the desk that calls, else each in turn. */
export function pageAt(
  pages: readonly (readonly { readonly sessionId: string }[])[],
  now: number,
  calling?: string,
): number {
  const found = pages.findIndex((page) => page.some((desk) => desk.sessionId === calling));
  return found >= 0 ? found : Math.floor(now / pageMs) % pages.length;
}

/** Columns of a grid of so many desks on a wide screen; an upright one takes half as many. */
export function columnsOf(desks: number): number {
  if (desks <= 3) return Math.max(1, desks);
  return desks === 4 ? 2 : 3;
}
