import ArrowRightLeft from '@lucide/svelte/icons/arrow-right-left';
import BellRing from '@lucide/svelte/icons/bell-ring';
import ClipboardPlus from '@lucide/svelte/icons/clipboard-plus';
import ListOrdered from '@lucide/svelte/icons/list-ordered';
import MapPinCheck from '@lucide/svelte/icons/map-pin-check';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import Repeat from '@lucide/svelte/icons/repeat';
import Undo2 from '@lucide/svelte/icons/undo-2';
import UserX from '@lucide/svelte/icons/user-x';
import { isKey, t } from '../i18n/index.svelte.ts';
import type { Icon, MenuItem } from '../ui/index.ts';
import type { Asks } from './Asks.svelte.ts';
import { deskKeys } from './deskKeys.ts';
import type { DeskRow } from './deskModel.ts';
import type { RowAction } from './deskRules.ts';
import type { Desk } from './useDesk.svelte.ts';

/** `Undo: on hold`; what an event type is called when it can be taken back. */
export function undoLabel(row: DeskRow): string {
  const key = `desk.undo.of.${row.entry.undo?.type ?? ''}`;
  return isKey(key) ? t('desk.undo.label', { what: t(key) }) : t('common.undo');
}

/** Everything that can be done about a row now, for its menu. What cannot be done now but fits the row is there, greyed. */
export function rowItems(desk: Desk, row: DeskRow, asks: Asks): MenuItem[] {
  const { commands } = desk;
  const item = (action: RowAction, label: string, icon: Icon, onselect: () => void, hint?: string): MenuItem[] => {
    const why = desk.refusal(action, row);
    if (why === 'notNow' || why === 'nothingToUndo' || why === 'alreadyHere' || why === 'doctorsVisit') return [];
    return [{ label, icon, onselect, disabled: why !== null, ...(hint ? { hint } : {}) }];
  };
  const priorities: MenuItem[] =
    desk.refusal('priority', row) === null
      ? [
          { kind: 'separator' },
          { kind: 'heading', label: t('desk.record.priority') },
          ...(['normal', 'urgent', 'emergency'] as const).map((value) => ({
            kind: 'radio' as const,
            label: t(`states.priority.${value}`),
            checked: row.entry.priority === value,
            onselect: () => void (value !== row.entry.priority && commands.prioritise(row, value)),
          })),
        ]
      : [];
  const ends = [
    ...item('noShow', t('desk.action.noShow'), UserX, () => asks.ask('noShow', desk, row)),
    ...item('cancel', t('desk.action.remove'), UserX, () => asks.ask('remove', desk, row), 'Del'),
  ].map((one) => ('onselect' in one && one.kind !== 'radio' ? { ...one, danger: true } : one));

  const acts = [
    ...item('call', t('desk.action.call'), BellRing, () => void commands.row('call', row), deskKeys.call),
    ...item(
      'recall',
      t(row.entry.state === 'skipped' ? 'desk.action.callBack' : 'desk.action.recall'),
      Repeat,
      () => void commands.recall(row),
      deskKeys.recall,
    ),
    ...item('resume', t('desk.action.resume'), Play, () => void commands.row('resume', row), deskKeys.hold),
    ...item('hold', t('desk.action.hold'), Pause, () => void commands.row('hold', row), deskKeys.hold),
    ...item('arrived', t('desk.action.arrived'), MapPinCheck, () => void commands.row('arrived', row)),
    ...item('triage', t('desk.action.triage'), ClipboardPlus, () => asks.ask('triage', desk, row)),
    ...item('requeue', t('desk.action.move'), ListOrdered, () => asks.ask('move', desk, row), deskKeys.requeue),
    ...item(
      'transfer',
      t('desk.action.transfer'),
      ArrowRightLeft,
      () => asks.ask('transfer', desk, row),
      deskKeys.transfer,
    ),
    ...item('undo', undoLabel(row), Undo2, () => void commands.undo(row), deskKeys.undo),
  ];
  return [...acts, ...priorities, ...(ends.length > 0 ? [{ kind: 'separator' as const }, ...ends] : [])];
}
