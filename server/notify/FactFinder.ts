import type { Language } from '../../shared/contract/notify.ts';
import { assertUnreachable } from '../../shared/errors.ts';
import { noticePath, noticeTag } from '../../shared/state/notices.ts';
import type { NotificationEvent, NotificationsState } from '../../shared/state/notifications.ts';
import type { QueueEvent, QueueState } from '../../shared/state/queue.ts';
import type { Challenges } from '../accounts/Challenges.ts';
import type { Repos } from '../store/Repos.ts';
import type { StreamsOf } from '../store/streams/index.ts';
import type { Challenge, DeliveryDoc, Message } from './documents.ts';
import { outcomes, type Facts } from './templates/index.ts';
import { accountChangeWords } from './templates/accountChanges.ts';

export interface FactDeps {
  readonly repos: Repos;
  readonly queues: StreamsOf<QueueState, QueueEvent>;
  readonly notifications: StreamsOf<NotificationsState, NotificationEvent>;
  readonly challenges: Challenges;
  /** Where people reach us, without a slash at the end. */
  readonly baseUrl: string;
}

/** Where the link of a proof leads. */
const proofPages: Partial<Record<Message['kind'], string>> = {
  'account.resetPassword': 'reset-password',
  'account.exists': 'reset-password',
  'account.invited': 'welcome',
  'account.signUp': 'welcome',
};

/** Looks up what a message says, when it is said. */
export class FactFinder {
  readonly #deps: FactDeps;

  constructor(deps: FactDeps) {
    this.#deps = deps;
  }

  /** Null when there is nothing to say: what it was about is gone. */
  async of(message: Message, language: Language): Promise<Facts | null> {
    const { repos, baseUrl, challenges } = this.#deps;
    if ('challengeId' in message) {
      const asked = await challenges.open(message.challengeId);
      if (!asked) return null;
      const word = challenges.wordOf(asked._id);
      // After the #: neither logs nor other sites get to see it.
      const { hostname } = new URL(baseUrl);
      return {
        code: challenges.codeOf(asked._id),
        link: `${baseUrl}/${proofPages[message.kind] ?? 'verify-email'}#${word}`,
        host: hostname,
      };
    }
    const link = `${baseUrl}${noticePath(message)}`;
    switch (message.kind) {
      case 'queue.called':
      case 'queue.next':
      case 'queue.transferred':
      case 'queue.noShow':
      case 'queue.deskPaused':
      case 'queue.deskClosed': {
        const session = await repos.deskSessions.get(message.sessionId);
        const [doctor, clinic, patient] = await Promise.all([
          session ? repos.doctors.get(session.doctorId) : null,
          session ? repos.clinics.get(session.clinicId) : null,
          repos.patients.get(message.patientId),
        ]);
        if (!doctor || !clinic || !patient) return null;
        return { token: message.token, doctor: doctor.name, clinic: clinic.name, patient: patient.name, link };
      }
      case 'staff.alert': {
        const clinic = await repos.clinics.get(message.clinicId);
        return clinic && { clinic: clinic.name, link };
      }
      case 'announcement': {
        const found = await repos.announcements.get(message.announcementId);
        return found && found.withdrawnAt === null ? { ...(found.texts[language] ?? found.texts.en), link } : null;
      }
      case 'system.disk':
      case 'system.certificate':
      case 'system.backup':
      case 'doctor.submitted':
      case 'chat.message':
        return { link };
      case 'doctor.decided': {
        const doctor = await repos.doctors.get(message.doctorId);
        const reason = doctor?.history.findLast((one) => one.act === message.decision)?.reason;
        return doctor && { outcome: outcomes[language][message.decision], reason: reason ?? '', link };
      }
      case 'account.changed':
        return { ...accountChangeWords(language, message.change), link };
      default:
        return assertUnreachable(message);
    }
  }

  async challengeOf(message: Message): Promise<Challenge | null> {
    return 'challengeId' in message ? await this.#deps.challenges.open(message.challengeId) : null;
  }

  /**
   * Why a message need not be sent any more, or null. Judged on what this hub knows, which may be a moment old: so only by what cannot turn
   * back (it was read, a newer one stands in its place, the visit has begun or is over).
   */
  async stale({ accountId, notificationId, message, urgent, createdAt }: DeliveryDoc): Promise<string | null> {
    if ((await this.#deps.repos.accounts.get(accountId))?.deactivatedAt !== undefined) return 'inactive';
    if ('challengeId' in message) return null;
    const { state } = await this.#deps.notifications.load(accountId);
    const item = state.items.find((one) => one.id === notificationId);
    if (item?.read === true) return 'read';
    const tag = noticeTag(message);
    if (!urgent && !item && state.items.some((one) => one.tag === tag && one.at > createdAt)) return 'replaced';
    if (message.kind !== 'queue.called' && message.kind !== 'queue.next') return null;
    const queue = await this.#deps.queues.load(message.sessionId);
    const entry = queue.state.entries[message.entryId];
    return entry && ['in-consultation', 'done', 'cancelled', 'no-show'].includes(entry.state) ? 'over' : null;
  }
}
