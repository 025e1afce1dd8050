import { ok, skipped, warn, type Check } from '../check.ts';
import { hubConfig, hubUrl } from '../context.ts';
import { get } from '../support/http.ts';

/** Errors the hub of this machine logged within the last hour, by its own metrics. */
export const log: Check = {
  id: 'log',
  title: 'Log',
  run: async (context) => {
    const { metricsToken } = hubConfig(context);
    const headers: Record<string, string> = metricsToken === null ? {} : { authorization: `Bearer ${metricsToken}` };
    const asking = { headers, timeoutMs: context.options.answerMs };
    const text = await get(`${hubUrl(context)}/metrics`, asking).then(
      (answer) => answer.text,
      () => '',
    );
    const found = /^nadi_log_errors_last_hour (\d+)$/m.exec(text)?.[1];
    if (found === undefined) return skipped('the hub of this machine shows no metrics');
    if (found === '0') return ok('no errors within the last hour');
    return warn(`errors within the last hour: ${found}`, 'See the hub’s log for lines of level 50 and above.');
  },
};
