import type { ThreadPerson, ThreadView } from '../../../shared/contract/chat.ts';
import type { ChatMessage, ThreadSide } from '../../../shared/state/chat.ts';
import { t } from '../i18n/index.svelte.ts';

interface Info {
  readonly thread: ThreadView;
  readonly people: readonly ThreadPerson[];
}

function nameOf(accountId: string, side: ThreadSide | undefined, info: Info | null, otherName?: string): string {
  const known = info?.people.find((one) => one.accountId === accountId);
  if (known?.side === 'patient' && info?.thread.side !== 'patient') {
    const patient = info?.thread.patientName;
    // Somebody who writes for the patient: both are worth knowing.
    return patient && patient !== known.name ? t('chat.onBehalf', { name: known.name, patient }) : known.name;
  }
  if (known) return known.name;
  if (side === 'staff') return t('chat.reception');
  return otherName ?? t('chat.other');
}

/** What the author of a message is called here. */
export function authorName(message: ChatMessage, info: Info | null, otherName?: string): string {
  return nameOf(message.author, message.side, info, otherName);
}

/** `Dr. Rao is writing…`, or nothing. */
export function typingText(
  people: readonly { readonly accountId: string; readonly side: ThreadSide }[],
  info: Info | null,
  otherName?: string,
): string {
  const [first] = people;
  if (!first) return '';
  if (people.length > 1) return t('chat.typingMany', { count: people.length });
  return t('chat.typing', { name: nameOf(first.accountId, first.side, info, otherName) });
}

/** What a thread is called in a list and above its messages. */
export function threadTitle(thread: ThreadView): string {
  if (thread.kind === 'staff') return t('chat.thread.staff');
  if (thread.side !== 'patient') return thread.patientName ?? t('chat.thread.visit');
  return thread.kind === 'waiting' ? t('chat.reception') : (thread.doctorName ?? t('chat.thread.visit'));
}

/** The line under it: what kind of thread it is and whom else it is about. */
export function threadDetail(thread: ThreadView): string {
  const kind = t(`chat.kind.${thread.kind}`);
  if (thread.kind === 'staff') return thread.clinicName;
  const who = thread.side === 'patient' ? thread.patientName : thread.side === 'staff' ? thread.doctorName : null;
  return [kind, who, thread.kind === 'waiting' && thread.side === 'patient' ? thread.clinicName : null]
    .filter((part) => part !== null && part !== '')
    .join(' · ');
}
