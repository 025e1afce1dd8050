/**
 * The code in what a scanner typed: the last part of a place link's address, or the bare code. A scanner may add spaces, and a link may carry
 * a query. Null when there is none.
 */
export function codeIn(text: string): string | null {
  const bare = text.trim().split(/[?#]/)[0]?.replace(/\/+$/, '') ?? '';
  const code = bare.split('/').at(-1) ?? '';
  return /^[A-Za-z0-9_-]{20,64}$/.test(code) ? code : null;
}
