/** What a process has used: CPU seconds (user and system, all threads), and memory after garbage collection, bytes. */
export interface Usage {
  readonly cpu: number;
  readonly memory: number;
}

/** Of this process. Memory is collected first where the process was started with `--expose-gc`. */
export function usage({ collect = false }: { collect?: boolean } = {}): Usage {
  if (collect) for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { heapUsed, external } = process.memoryUsage();
  return { cpu: (user + system) / 1e6, memory: heapUsed + external };
}
