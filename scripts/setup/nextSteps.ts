import type { Answers } from './answers.ts';

interface Outcome {
  readonly file: string;
  readonly answers: Answers;
  /** The coturn settings that were written. */
  readonly turnFile: string | null;
  /** Secrets were made now. */
  readonly fresh: boolean;
}

/** What to do now, and what to know, line by line. */
export function nextSteps({ file, answers, turnFile, fresh }: Outcome): string[] {
  const lines = [''];
  if (fresh) {
    lines.push(
      '  NADI_KEY in this file opens everything clinical. Lost, it is lost for ever, and no backup helps.',
      '  Print its recovery sheet and keep it in two places:  npm run keys -- sheet',
      '',
    );
  }
  if (answers.database === 'embedded') {
    lines.push(
      '  The database that comes along has no replica and no password: whoever is signed in to this machine can reach it.',
      '  It is for one machine that is the clinic’s alone. Set up backups.',
      '',
    );
  }
  if ((answers.backupTarget ?? '') === '')
    lines.push('  ! No backups: a broken disk ends the clinic. Run setup again to name a target.', '');
  lines.push('  Next:');
  if (answers.install === 'containers') {
    const compose = `docker compose --env-file ${file}`;
    lines.push(`    ${compose} up --detach --build`, `    ${compose} run --rm setup     clinic and first admin`);
  } else {
    lines.push('    npm start');
    if (answers.tls === 'acme')
      lines.push(`    caddy run --config deploy/Caddyfile --envfile ${file}     as root or a service`);
    if (answers.tls === 'proxy') lines.push('    point your proxy at it: docs/install.md, “Behind your own proxy”');
    if (turnFile !== null) lines.push(`    turnserver -c ${turnFile}`);
  }
  lines.push(
    '    npm run doctor     looks whether all is well',
    '',
    '  docs/install.md has the ports to open and how to run it as a service.',
    '',
  );
  return lines;
}
