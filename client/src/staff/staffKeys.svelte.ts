import type { Asks } from '../desk/Asks.svelte.ts';
import { deskKeys } from '../desk/deskKeys.ts';
import { toggledPriority, type DeskRow } from '../desk/deskModel.ts';
import type { RowAction } from '../desk/deskRules.ts';
import type { Desk } from '../desk/useDesk.svelte.ts';
import { t, type Key } from '../i18n/index.svelte.ts';
import { toast, useShortcut } from '../ui/index.ts';

interface StaffKeys {
  readonly desks: ReadonlyMap<string, Desk>;
  readonly asks: Asks;
  readonly canAct: boolean;
  readonly canRegister: boolean;
  add(): void;
  scan(): void;
  search(): void;
  /** The desk whose last command is told about. */
  latest(): Desk | null;
}

/** The row with the focus and its desk; without one the only desk there is. */
function here(desks: ReadonlyMap<string, Desk>): { desk: Desk; row: DeskRow | null } | null {
  const active = document.activeElement;
  const sessionId = active?.closest('[data-session-id]')?.getAttribute('data-session-id');
  const desk = sessionId ? desks.get(sessionId) : desks.size === 1 ? [...desks.values()][0] : undefined;
  if (!desk) return null;
  const rowId = active?.closest('tr')?.querySelector('[data-row-id]')?.getAttribute('data-row-id');
  return { desk, row: (rowId && desk.rows.get(rowId)) || null };
}

/** The keys of reception: they act on the row with the focus and its doctor. Call while the component initialises. */
export function useStaffKeys({ desks, asks, canAct, canRegister, add, scan, search, latest }: StaffKeys): void {
  function onRow(action: RowAction, act: (desk: Desk, row: DeskRow) => void): () => void {
    return () => {
      const at = here(desks);
      if (!at?.row) {
        toast.info(t('staff.chooseRow'));
        return;
      }
      const why = at.desk.refusal(action, at.row);
      if (why === null) act(at.desk, at.row);
      else toast.info(t(why === 'notNow' ? 'staff.notHere' : `desk.why.${why}`));
    };
  }
  const plain = (action: 'call' | 'skip' | 'arrived'): (() => void) =>
    onRow(action, (desk, row) => void desk.commands.row(action, row));

  const callNext = (): void => {
    const at = here(desks);
    if (at) void at.desk.commands.press('callNext');
    else toast.info(t('staff.chooseRow'));
  };
  const call = (): void => {
    const at = here(desks);
    if (at?.row) void at.desk.commands.row('call', at.row);
    else toast.info(t('staff.chooseRow'));
  };
  const hold = (): void => {
    const held = here(desks)?.row?.entry.state === 'on-hold';
    const action = held ? 'resume' : 'hold';
    onRow(action, (desk, row) => void desk.commands.row(action, row))();
  };
  const urgent = onRow('priority', (desk, row) => {
    const to = toggledPriority(row.entry.priority);
    if (to) void desk.commands.prioritise(row, to);
    else toast.info(t('desk.why.emergencyStays'));
  });
  const undo = (): void => {
    const desk = latest();
    const last = desk?.commands.outcome;
    const own = last && desk.rows.get(last.row.id);
    if (desk && own && own.entry.undo?.seq === last.seq) void desk.commands.undo(own);
    else onRow('undo', (one, row) => void one.commands.undo(row))();
  };

  // Never match a press: the list itself hears the arrows; these are their lines in the help.
  useShortcut(() => ({ key: '↑ ↓', label: t('staff.keys.list'), run: () => undefined }));
  useShortcut(() => ({ key: '/', label: t('staff.search'), run: search }));
  const register: [string, Key, () => void][] = [
    ['a', 'staff.walkIn.add', add],
    ['i', 'staff.scan.button', scan],
  ];
  const acts: [string, Key, () => void][] = [
    [deskKeys.callNext, 'desk.action.callNext', callNext],
    [deskKeys.call, 'desk.action.call', call],
    [deskKeys.recall, 'desk.action.recall', onRow('recall', (desk, row) => void desk.commands.recall(row))],
    [deskKeys.skip, 'desk.action.skip', plain('skip')],
    [deskKeys.hold, 'desk.action.holdOrResume', hold],
    [deskKeys.urgent, 'desk.action.urgent', urgent],
    ['g', 'desk.action.arrived', plain('arrived')],
    ['v', 'desk.action.triage', onRow('triage', (desk, row) => asks.ask('triage', desk, row))],
    [deskKeys.requeue, 'desk.action.move', onRow('requeue', (desk, row) => asks.ask('move', desk, row))],
    [deskKeys.transfer, 'desk.action.transfer', onRow('transfer', (desk, row) => asks.ask('transfer', desk, row))],
    [deskKeys.undo, 'desk.action.undo', undo],
    [deskKeys.cancel, 'staff.keys.remove', onRow('cancel', (desk, row) => asks.ask('remove', desk, row))],
  ];
  for (const [key, label, run] of register) useShortcut(() => ({ key, label: t(label), run, enabled: canRegister }));
  for (const [key, label, run] of acts) useShortcut(() => ({ key, label: t(label), run, enabled: canAct }));
}
