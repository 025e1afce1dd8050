/** What stands after the # of a link in a mail; taken out of the address, so that neither history nor a shared screen keeps it. */
export function takeMailWord(): string {
  const word = location.hash.slice(1);
  if (word !== '') history.replaceState(history.state, '', location.pathname);
  return /^[\w-]{1,64}$/.test(word) ? word : '';
}
