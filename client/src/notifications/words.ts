import { noticePath, type Notice } from '../../../shared/state/notices.ts';
import { t } from '../i18n/index.svelte.ts';

export interface NoticeNames {
  /** Of the patients the account acts for, by id. */
  readonly patients: ReadonlyMap<string, string>;
  /** Titles of announcements, by id. */
  readonly announcements: ReadonlyMap<string, string>;
}

/** What a notice says, with the names this reader may know. */
export function noticeTitle(notice: Notice, names: NoticeNames): string {
  if (notice.kind === 'announcement') {
    return names.announcements.get(notice.announcementId) ?? t('notifications.kinds.announcement.title');
  }
  if (notice.kind === 'account.changed') return t(`access.changes.${notice.change}`);
  return t(`notifications.kinds.${notice.kind}.title`);
}

/** One more line, or nothing. */
export function noticeText(notice: Notice, names: NoticeNames): string {
  if (!('token' in notice)) return t(`notifications.kinds.${notice.kind}.text`);
  const name = names.patients.get(notice.patientId);
  return name === undefined ? notice.token : `${notice.token} · ${name}`;
}

/** Whether the page that is open already shows what the notice is about. */
export function isHere(notice: Notice, pathname: string): boolean {
  const path = noticePath(notice);
  return path !== '/' && pathname.startsWith(path);
}
