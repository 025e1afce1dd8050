/** The feature rows that titles in a test's source name in square brackets: `[A1]`, `[C1 C3]`, `[A1, D2]`. */
export function rowsIn(source: string): string[] {
  const found = new Set<string>();
  for (const [title] of source.matchAll(/\b(?:describe|it|test)(?:\.\w+)*(?:\([^()]*\))?\(\s*(['"`])[^\n]*?\1/g)) {
    for (const [, tags = ''] of title.matchAll(/\[([A-I]\d(?:[\s,]+[A-I]\d)*)\]/g)) {
      for (const row of tags.split(/[\s,]+/)) found.add(row);
    }
  }
  return [...found];
}
