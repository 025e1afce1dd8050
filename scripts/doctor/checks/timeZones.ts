import { fail, ok, type Check } from '../check.ts';

/** Clinics count their days in their own zone, and people read dates in their own language: Node's ICU must hold both. */
export const timeZones: Check = {
  id: 'time-zones',
  title: 'Zones and languages',
  run: async (context) => {
    const icu = Intl.DateTimeFormat.supportedLocalesOf(['en', 'hi']);
    const remedy = 'Use a Node with full ICU (every build of nodejs.org), without NODE_ICU_DATA.';
    if (icu.length < 2) return fail('this Node knows no Hindi dates and numbers', remedy);
    const zones = await zonesOf(context);
    for (const zone of zones) {
      try {
        new Intl.DateTimeFormat('en', { timeZone: zone });
      } catch {
        return fail(`the time zone ${zone} is not known`, `${remedy} Or correct the clinic’s zone.`);
      }
    }
    const { tz = '?', icu: version = '?' } = process.versions;
    return ok(`ICU ${version}, zones of ${tz}`);
  },
};

async function zonesOf(context: Parameters<Check['run']>[0]): Promise<string[]> {
  const used: unknown[] = await context
    .database()
    .then((db) => db.collection('clinics').distinct('zone'))
    .catch(() => []);
  return ['Asia/Kolkata', ...used.filter((zone) => typeof zone === 'string')];
}
