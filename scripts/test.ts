import { main } from './verify/verify.ts';

/** `npm test`: all of `npm run check`, then chaos and end-to-end tests on the built programs in a real browser. */
await main(true);
