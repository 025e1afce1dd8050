// Whether what listens on this port of the container is alive: `node healthcheck.mjs 3000`.
const port = Number(process.argv[2] ?? 3000);
const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4_000) }).catch(
  () => null,
);
process.exit(answer?.ok ? 0 : 1);
