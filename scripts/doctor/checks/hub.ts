import { routes } from '../../../shared/contract/routes.ts';
import { messageOf } from '../../support/SetupError.ts';
import { fail, ok, skipped, together, warn, type Check } from '../check.ts';
import { hubConfig, hubUrl } from '../context.ts';
import { get } from '../support/http.ts';

export const hub: Check = {
  id: 'hub',
  title: 'Hub',
  run: async (context) => {
    const url = hubUrl(context);
    const { metricsToken } = hubConfig(context);
    // Others than this machine and the holder of the token are not told the reasons.
    const headers: Record<string, string> = metricsToken === null ? {} : { authorization: `Bearer ${metricsToken}` };
    let text: string;
    try {
      ({ text } = await get(`${url}/readyz`, { headers, timeoutMs: context.options.answerMs }));
    } catch (error) {
      if (context.running === null) return skipped('not running: npm start');
      return fail(`does not answer at ${url}: ${messageOf(error)}`, 'See what it says (npm start), restart it.');
    }
    const told = routes.readyz.output.safeParse(parsed(text));
    if (!told.success) return fail(`what answers at ${url} is no hub of ours`, 'See "Ports".');
    const { ready, checks } = told.data;
    const down = Object.entries(checks ?? {}).filter(([, one]) => !one.ok);
    const outcomes = down.map(([name, { detail }]) => {
      const finding = `${name}: ${detail}`;
      return name === 'bus' ? warn(finding, 'See "Redis".') : fail(finding, `See "${titles[name] ?? name}".`);
    });
    if (outcomes.length > 0) return together(outcomes);
    return ready ? ok(`ready at ${url}`) : fail('it starts or stops and does not get ready', 'See what it says.');
  },
};

const titles: Readonly<Record<string, string>> = { database: 'Database', sfu: 'Media nodes' };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
