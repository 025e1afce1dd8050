const day = 24 * 3600_000;

/** How far the clocks of a zone are ahead of UTC at a moment, ms. */
function offsetAt(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const local = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'));
  return local - Math.floor(at / 1000) * 1000;
}

/** The midnight that ends the day of `at` in a zone, `daysLater` days after; UTC ms. */
export function endOfDay(at: number, zone: string, daysLater = 0): number {
  const local = at + offsetAt(at, zone);
  const midnight = Math.floor(local / day) * day + (daysLater + 1) * day;
  // Clocks may be set differently by then: ask for the offset there, once more on the other side of a change.
  const guess = midnight - offsetAt(midnight, zone);
  return midnight - offsetAt(guess, zone);
}
