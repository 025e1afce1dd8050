/** A browser slows the timers of a tab nobody looks at to one a minute; those of a worker run on. */
const everyMs = 1_000;
setInterval(() => postMessage(0), everyMs);
