/** The hour of the night, at the clinic, in which a board may fetch a newer version of itself. */
const hour = 3;

/** The clinic's date while it is that hour there, else null: once per date is enough. */
export function nightOf(now: number, zone: string): string | null {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return Number(part('hour')) === hour ? `${part('year')}-${part('month')}-${part('day')}` : null;
}

/** The address of the script a page of ours begins with: another one is another version. */
export function entryOf(html: string): string | null {
  return /<script[^>]*type="module"[^>]*src="([^"]+)"/.exec(html)?.[1] ?? null;
}

/** True when the hub serves another version than the one that runs. False when it cannot be told. */
export async function newerVersion(running: string | null): Promise<boolean> {
  try {
    const answer = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(10_000) });
    const served = answer.ok ? entryOf(await answer.text()) : null;
    return served !== null && running !== null && served !== running;
  } catch {
    return false;
  }
}
