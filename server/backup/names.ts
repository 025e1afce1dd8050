import { z } from 'zod';

/** The wrapped keys of patients: one object, replaced by each backup and at each erasure. */
export const keyringName = 'nadi-keyring.sealed';

const pattern = /^nadi-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{8}\.sealed$/;

/** `nadi-20261121T023000Z-1a2b3c4d.sealed`: sorts by time and says nothing else. */
export function archiveName(startedAt: number, id: string): string {
  const time = new Date(startedAt).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `nadi-${time}-${id.replaceAll('-', '').slice(-8)}.sealed`;
}

/** When the archive of this name was begun, UTC ms (whole seconds); null for anything else that lies there. */
export function archiveTime(name: string): number | null {
  const found = pattern.exec(name);
  if (!found) return null;
  const [year = 0, month = 1, ...rest] = z.array(z.coerce.number()).parse(found.slice(1));
  return Date.UTC(year, month - 1, ...rest);
}
