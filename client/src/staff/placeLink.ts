import { hub } from '../lib/index.ts';

/** The link under which a place can be watched, as a whole address; null when it cannot be had just now. */
export async function placeLinkOf(sessionId: string, entryId: string): Promise<string | null> {
  try {
    const { url } = await hub.request('queue.placeLink', { sessionId, entryId });
    // Without a public address configured, the one this page was opened under is the best there is.
    return new URL(url, location.origin).href;
  } catch {
    return null;
  }
}
