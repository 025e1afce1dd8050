/** A page of ours to go back to after signing in, from what a history entry holds; anything else is refused. */
export function wantedPath(state: unknown): string | null {
  if (typeof state !== 'object' || state === null || !('wanted' in state)) return null;
  const { wanted } = state;
  if (typeof wanted !== 'string' || !/^\/(?![/\\])/.test(wanted) || wanted === '/' || wanted.startsWith('/sign-in'))
    return null;
  return wanted;
}

/** What is wrong with the sign-in form before it is sent; empty when nothing is. */
export function formProblems(email: string, password: string): { email?: 'missing' | 'shape'; password?: 'missing' } {
  const address = email.trim();
  return {
    ...(address === ''
      ? { email: 'missing' as const }
      : /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address)
        ? {}
        : { email: 'shape' as const }),
    ...(password === '' ? { password: 'missing' as const } : {}),
  };
}
