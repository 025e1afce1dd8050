import type { Judgement } from './judgement.ts';

const hour = 3600_000;
/** Backups are made daily: one that is this old was missed, and this old, missed twice. */
const lateHours = 26;
const staleHours = 36;

/** @param lastGoodAt when the newest backup that was finished was begun, ms; null: there is none. */
export function judgeBackup(lastGoodAt: number | null, now: number): Judgement {
  const remedy = 'Make one now: npm run backup. Then look why the scheduled one was not made.';
  if (lastGoodAt === null) return { level: 'fail', finding: 'no backup was ever finished', remedy };
  const hours = Math.floor((now - lastGoodAt) / hour);
  const finding = `the last good backup is ${hours} h old`;
  if (hours >= staleHours) return { level: 'fail', finding, remedy };
  if (hours >= lateHours) return { level: 'warn', finding, remedy };
  return { level: 'ok', finding };
}
