/** Set when a page's code could not be loaded (a weak network, or a new version replaced it); `App` then offers to try again. */
export const loadFailure = $state({ happened: false });

/** The router's error hook. Redirects travel as errors too and are none. */
export function onRouteError(error: unknown): void {
  if (error instanceof Error && error.name === 'Redirect') return;
  console.error(error);
  loadFailure.happened = true;
}
