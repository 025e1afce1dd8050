import { untrack } from 'svelte';
import { alertsOf, type Alert } from '../../../../shared/state/alerts.ts';
import { t } from '../../i18n/index.svelte.ts';
import { announce } from '../../ui/announce.svelte.ts';
import { playSound, vibrate } from '../../ui/index.ts';
import type { DeskRow } from '../deskModel.ts';
import { nameOf } from '../deskWords.ts';
import type { Desk } from '../useDesk.svelte.ts';
import { AlertLoop } from './AlertLoop.ts';

/** A standing alert with the desk and the row it is about. */
export interface DeskAlert extends Alert {
  readonly desk: Desk;
  readonly row: DeskRow;
}

/** What an alert says: `Asha Verma has arrived`. */
export function alertWords(alert: DeskAlert): string {
  return t(`desk.alert.${alert.kind}`, { who: nameOf(alert.row), minutes: alert.desk.longWaitMinutes });
}

/**
 * The alerts of some desks, oldest first, with their sound and announcement. Call while a component initialises.
 * @param desks all desks that are watched; while one of them is not loaded yet nothing sounds, since what it brings is not new.
 * @param now the time by which waiting is judged, as a rune that goes on in a hidden tab.
 */
export function useAlerts(desks: () => readonly Desk[], ready: () => boolean, now: () => number) {
  const alerts: DeskAlert[] = $derived(
    desks()
      .flatMap((desk) =>
        (desk.queue ? alertsOf(desk.queue, now(), desk.longWaitMinutes) : []).flatMap((alert): DeskAlert[] => {
          const row = desk.rows.get(alert.entryId);
          return row ? [{ ...alert, desk, row }] : [];
        }),
      )
      .sort((a, b) => a.since - b.since),
  );
  const loop = new AlertLoop(() => {
    playSound('attention');
    vibrate('attention');
  });
  let told = new Set<string>();
  let first = true;
  $effect(() => {
    if (!ready() || desks().some((desk) => !desk.loaded)) return;
    const [standing, at] = [alerts, now()];
    untrack(() => {
      loop.update(
        standing.map(({ key }) => key),
        at,
      );
      const fresh = standing.filter(({ key }) => !told.has(key));
      told = new Set(standing.map(({ key }) => key));
      if (fresh.length > 0 && first) announce(t('desk.alert.count', { count: fresh.length }));
      else if (fresh.length > 0) announce(fresh.map(alertWords).join('. '), 'assertive');
      first = false;
    });
  });
  return {
    get all(): readonly DeskAlert[] {
      return alerts;
    },
  };
}
export type Alerts = ReturnType<typeof useAlerts>;
