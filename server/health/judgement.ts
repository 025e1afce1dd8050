/** How something stands. `warn`: somebody should look soon; `fail`: it is broken or about to be. */
export type Level = 'ok' | 'warn' | 'fail';

/** What was found, in words for whoever runs the installation, and what can be done about it. Names no secret and no person. */
export interface Judgement {
  readonly level: Level;
  readonly finding: string;
  readonly remedy?: string;
}

const order: Readonly<Record<Level, number>> = { ok: 0, warn: 1, fail: 2 };

/** The worst of them, and of several that are equally bad all they say. @throws when there is none. */
export function worst(judgements: readonly Judgement[]): Judgement {
  const level = judgements.reduce<Level>((most, one) => (order[one.level] > order[most] ? one.level : most), 'ok');
  const bad = judgements.filter((one) => one.level === level);
  const findings = [...new Set(bad.map((one) => one.finding))];
  if (bad.length === 0) throw new Error('nothing was judged');
  const remedies = [...new Set(bad.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])))];
  return {
    level,
    finding: findings.join('; '),
    ...(remedies.length === 0 ? {} : { remedy: remedies.join(' ') }),
  };
}
