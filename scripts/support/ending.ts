/**
 * Calls `stop` once when this process is asked to end: Ctrl-C, SIGTERM, a closed terminal, or the end of the process that
 * started it (its IPC channel closes). Ctrl-C often comes twice (from the terminal and passed on by npm), so a repeated
 * request changes nothing.
 */
export function onEnd(stop: (reason: string) => void): void {
  let asked = false;
  const once = (reason: string): void => {
    if (asked) return;
    asked = true;
    stop(reason);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => once(signal));
  process.on('disconnect', () => once('the parent ended'));
}
