import { createHash } from 'node:crypto';
import type { Verified } from '../../server/audit/verify.ts';

/** Short enough to be read out over the telephone: the first 16 hex digits of the SHA-256 of a public key. */
export function fingerprint(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}

/** What was found, for people. */
export function report(found: Verified, { seconds, keysGiven }: { seconds: number; keysGiven: boolean }): string {
  const { records, roots, chains, problems, problemCount, open, unfinished, earlier, keys } = found;
  const text = [`${records} records in ${chains} chains, ${roots} signed, ${seconds.toFixed(1)} s`];
  for (const key of keys)
    text.push(`  signed with key ${fingerprint(key)}${keysGiven ? '' : ' (not compared: no key was given)'}`);
  if (earlier > 0) text.push(`  ${earlier} records of a version without chains: nothing proves them`);
  for (const { chain, n, at } of open) {
    text.push(
      `  chain ${chain} has no end after ${n} (${new Date(at).toISOString()}): its process runs, or was killed`,
    );
  }
  if (unfinished.count > 0) {
    const first = unfinished.first.map(({ chain, n }) => `${chain}:${n}`).join(', ');
    text.push(`  ${unfinished.count} intents without outcome: ${first}${unfinished.count > 20 ? ', …' : ''}`);
  }
  for (const { kind, chain, at, what } of problems) text.push(`✗ ${kind}: ${chain || 'no chain'}, ${at}: ${what}`);
  if (problemCount > problems.length) text.push(`✗ … and ${problemCount - problems.length} more`);
  text.push(
    problemCount === 0 ? '✓ Whole: nothing was changed, removed, inserted or moved.' : `✗ ${problemCount} faults.`,
  );
  return text.join('\n');
}
