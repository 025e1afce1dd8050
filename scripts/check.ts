import { main } from './verify/verify.ts';

/** `npm run check`: types, lint, format, svelte-check; unit, contract and integration tests; media on a real worker. */
await main(false);
