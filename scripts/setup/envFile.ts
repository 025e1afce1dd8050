/** A variable's line as both Node's `parseEnv` and Docker Compose read it; null when no quoting carries the value through both. */
export function envLine(name: string, value: string): string | null {
  if (/^[\w@%+=:,./<>-]*$/.test(value)) return `${name}=${value}`;
  if (!/['\n\r]/.test(value)) return `${name}='${value}'`;
  return /["$\\`\n\r]/.test(value) ? null : `${name}="${value}"`;
}

/** Lines of the file that belong together, with what they are for. */
export interface EnvSection {
  readonly title: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * A settings file.
 * @throws Error naming a variable whose value cannot stand in one line
 */
export function envText(head: string, sections: readonly EnvSection[]): string {
  const parts = [head.replace(/^/gm, '# ')];
  for (const { title, values } of sections) {
    const lines = Object.entries(values).map(([name, value]) => {
      const line = envLine(name, value);
      if (line === null) throw new Error(`${name}: this mixture of quotes cannot be written to a settings file`);
      return line;
    });
    if (lines.length > 0) parts.push(`# ${title}\n${lines.join('\n')}`);
  }
  return `${parts.join('\n\n')}\n`;
}
