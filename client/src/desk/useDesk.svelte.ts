import { untrack } from 'svelte';
import { emptyQueue } from '../../../shared/state/queue.ts';
import { t } from '../i18n/index.svelte.ts';
import { clock, hub, idle, ticking, useStream, useView } from '../lib/index.ts';
import { may, mayWatch } from '../lib/may.ts';
import { announce } from '../ui/announce.svelte.ts';
import { DeskCommands } from './DeskCommands.svelte.ts';
import { allRows, deskView, type DeskRow, type DeskView } from './deskModel.ts';
import { newsOf } from './deskNews.ts';
import { permits, rowRefusal, type DeskMoment, type RowAction, type Seat, type WhyNot } from './deskRules.ts';

/** How long a command waits for the list to show what it did, ms; then the list will follow on its own. */
const catchUpMs = 3_000;

/** A visit counts as somebody being at the desk for this long, ms. */
const longestVisitMs = 60 * 60_000;

export type Desk = ReturnType<typeof useDesk>;

/** Until the clinic's own is known, minutes. */
const usualLongWait = 30;

/**
 * One desk session, live: its rows, who is selected, what may be done, and the way to do it. Call while a component initialises; the
 * component is made anew for another session. At reception, where several desks are open, joining is not announced.
 */
export function useDesk(sessionId: string, seat: Seat) {
  const queue = useStream('queue', () => sessionId);
  const directory = useView('directory', () => sessionId);
  const triages = useView('triages', () => (mayWatch('triages') ? sessionId : null));
  let selectedId = $state<string | null>(null);

  const view: DeskView = $derived(deskView(queue.state ?? emptyQueue, directory.state, triages.state));
  const rows = $derived(new Map(allRows(view).map((row) => [row.id, row])));
  const selected: DeskRow | null = $derived((selectedId === null ? undefined : rows.get(selectedId)) ?? null);
  const live = $derived(hub.live && queue.status === 'live');
  const moment: DeskMoment = $derived({ view, live, seat, now: ticking(15_000) });
  const allowed = $derived(permits(moment, selected));

  const commands = new DeskCommands({
    sessionId,
    seat,
    get view() {
      return view;
    },
    get selected() {
      return selected;
    },
    get live() {
      return live;
    },
    get seq() {
      return queue.seq;
    },
    request: (name, input) => hub.request(name, input),
    reached: (seq) => reached(seq),
    now: () => clock.now(),
  });

  const waiters = new Set<() => void>();
  function reached(seq: number): Promise<void> {
    if (queue.seq >= seq) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        waiters.delete(check);
        resolve();
      };
      const check = () => {
        if (queue.seq >= seq) done();
      };
      const timer = setTimeout(done, catchUpMs);
      waiters.add(check);
    });
  }
  $effect(() => {
    if (queue.seq >= 0) for (const check of [...waiters]) check();
  });

  $effect(() => {
    if (view && live) untrack(() => commands.settle());
  });

  queue.onEvents((events) => {
    if (!queue.state) return;
    // Whoever was called is who the doctor looks at next: the selection does not stay on somebody else.
    if (events.some((event) => event.type === 'called' || event.type === 'started')) selectedId = null;
    const news = newsOf(events, queue.state);
    if (news === 'many') announce(t('desk.news.many', { count: view.waiting.length }));
    else {
      const told = news.filter((item) => seat === 'doctor' || item.kind !== 'joined');
      const text = told.map(({ kind, entryId, token }) => {
        const name = rows.get(entryId)?.name;
        return t(`desk.news.${kind}`, { who: name ? `${token} ${name}` : token });
      });
      if (text.length > 0) announce(text.join(' '));
    }
  });

  // Who examines somebody is there, without touching the screen; a visit that was forgotten keeps no desk open for ever.
  const visiting = $derived(
    seat === 'doctor' && view.current?.entry.state === 'in-consultation' ? view.current.id : null,
  );
  $effect(() => {
    if (visiting === null) return;
    const release = idle.hold();
    const timer = setTimeout(release, longestVisitMs);
    return () => {
      clearTimeout(timer);
      release();
    };
  });

  return {
    sessionId,
    seat,
    commands,
    get view() {
      return view;
    },
    /** From when on somebody has waited too long, minutes: as the clinic has it. */
    get longWaitMinutes() {
      return directory.state?.longWaitMinutes ?? usualLongWait;
    },
    /** By id, every entry of the session. */
    get rows() {
      return rows;
    },
    /** Null: whoever is at the desk. */
    get selected() {
      return selected;
    },
    /** Whose record is shown: the selected one, else the one at the desk. */
    get shown(): DeskRow | null {
      return selected ?? view.current;
    },
    select(row: DeskRow | null) {
      selectedId = row?.id ?? null;
    },
    get allowed() {
      return allowed;
    },
    /** Why this cannot be done to this row now; null when it can. */
    refusal(action: RowAction, row: DeskRow): WhyNot | null {
      if (action === 'triage' && !may('queue.triage')) return 'notNow';
      return rowRefusal(action, row, moment);
    },
    /** The queue itself, for what is derived from it elsewhere (alerts); null until it is there. */
    get queue() {
      return queue.state;
    },
    get live() {
      return live;
    },
    get loaded() {
      return queue.state !== null;
    },
    get status() {
      return queue.status;
    },
    get error() {
      return queue.error;
    },
    get updatedAt() {
      return queue.updatedAt;
    },
    retry() {
      queue.retry();
      directory.retry();
      triages.retry();
    },
  };
}
