const flag = 'nadi.reloaded-at';

/** Reloads for a newer version, but not again within a minute: if the new page is still refused, reloading is no cure. */
export function reloadForNewVersion(): void {
  const last = Number(sessionStorage.getItem(flag) ?? 0);
  if (Date.now() - last < 60_000) return;
  sessionStorage.setItem(flag, String(Date.now()));
  location.reload();
}
