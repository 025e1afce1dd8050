import { z } from 'zod';

const Entry = z.looseObject({
  level: z.number(),
  time: z.union([z.number(), z.string()]),
  msg: z.string().default(''),
});

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };
const HIDDEN = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name', 'v']);

/** One line of a service's output for a person: pino's JSON becomes `12:03:04 info message key=value`, the rest stays. */
export function prettyLine(service: string, line: string): string {
  return `${service.padEnd(8)} │ ${pretty(line)}`;
}

function pretty(line: string): string {
  if (!line.startsWith('{')) return line;
  const entry = parse(line);
  if (!entry) return line;
  const time = new Date(entry.time).toTimeString().slice(0, 8);
  const rest = Object.entries(entry)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [time, (LEVELS[entry.level] ?? String(entry.level)).padEnd(5), entry.msg, ...rest].join(' ').trimEnd();
}

function parse(line: string): z.output<typeof Entry> | undefined {
  try {
    return Entry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Cuts a stream of text into lines; `push` answers the lines that are complete, `rest` what is left at the end. */
export function lineSplitter(): { push(text: string): string[]; rest(): string[] } {
  let pending = '';
  return {
    push(text) {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      return lines.map((line) => line.replace(/\r$/, ''));
    },
    rest() {
      const last = pending;
      pending = '';
      return last === '' ? [] : [last];
    },
  };
}
