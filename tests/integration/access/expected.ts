import type { ChannelName, OperationName } from '../../../shared/contract/index.ts';
import type { routes } from '../../../shared/contract/routes.ts';

/**
 * Who asks. Everything asked for belongs to `patient` and the first clinic: `guardian` acts for the same person by another account,
 * `stranger` waits in the same queue, `doctor` is whose desk it is, `colleague` has another desk there; the rest of the first clinic by
 * what they are trusted with; `…B` and `elsewhere` belong to another clinic and its patients.
 */
export const people = [
  'patient',
  'guardian',
  'stranger',
  'elsewhere',
  'doctor',
  'colleague',
  'doctorB',
  'reception',
  'nurse',
  'billing',
  'admin',
  'staffB',
  'adminB',
] as const;
export type Person = (typeof people)[number];

/** `own`: names nobody else's things, so whoever has the role may; else those who may, and everybody else is refused. */
type May = 'public' | 'own' | readonly Person[];

/** What is asked for: ids of the first clinic, or (for the comparison) ids of nothing. */
export interface Things {
  readonly clinicId: string;
  readonly sessionId: string;
  readonly otherSessionId: string;
  readonly entryId: string;
  readonly patientId: string;
  readonly accountId: string;
  readonly doctorId: string;
  readonly messageId: string;
  readonly staffThreadId: string;
  readonly waitingThreadId: string;
  readonly boardId: string;
  readonly notificationId: string;
  readonly signInId: string;
  readonly deliveryId: string;
  readonly otherDeliveryId: string;
  readonly announcementId: string;
  readonly fileId: string;
  readonly recordingId: string;
  readonly linkKey: string;
}
interface Row {
  readonly may: May;
  readonly input: (of: Things) => Record<string, unknown>;
  /** Who sees it and still may not: told so. */
  readonly sees?: readonly Person[];
  /** What the asker knows anyway: stays the same in the comparison with nothing. */
  readonly known?: readonly (keyof Things)[];
  /** Works once: whoever comes later finds it done, and what is done is no longer there. */
  readonly once?: true;
}

const row = (may: May, input: Row['input'] = () => ({}), more: Pick<Row, 'once' | 'sees' | 'known'> = {}): Row => ({
  may,
  input,
  ...more,
});
const acting = ['patient', 'guardian'] as const;
const consulting = [...acting, 'doctor'] as const;
const line = ['doctor', 'reception', 'nurse'] as const;
const register = ['doctor', 'reception'] as const;
const wrongFactor = () => ({ code: '123456' });
const entry = ({ sessionId, entryId }: Things) => ({ sessionId, entryId });
const thread = ({ entryId }: Things) => ({ threadId: entryId });

/** Every operation of the contract: who may, and with what it is tried. In this order, the destructive ones last. */
export const expectedOperations: Readonly<Record<OperationName, Row>> = {
  'system.info': row('public'),
  'auth.login': row('public', () => ({ email: 'nobody@demo.nadi', password: 'wrong-password-here' })),
  'auth.secondFactor': row('public', () => ({ token: 'none', ...wrongFactor() })),
  'auth.refresh': row('public'),
  'auth.ways': row('public'),
  'auth.requestCode': row('public', () => ({ channel: 'sms', to: '98450 11999', language: 'en' })),
  'auth.useCode': row('public', ({ entryId }) => ({ challengeId: entryId, ...wrongFactor() })),
  'auth.signUp': row('public', () => ({ token: 'none', name: 'Gita Rani' })),
  'auth.register': row('public', () => ({ name: 'Gita Rani', email: 'gita@example.org', as: 'patient' })),
  'auth.invitation': row('public', () => ({ word: 'none' })),
  'auth.acceptInvitation': row('public', () => ({ word: 'none', newPassword: 'a new password' })),
  'auth.requestReset': row('public', () => ({ email: 'nobody@demo.nadi' })),
  'auth.reset': row('public', () => ({ word: 'none', newPassword: 'a new password' })),
  'auth.verifyEmail': row('public', () => ({ word: 'none' })),
  'account.me': row('own'),
  'account.email': row('own'),
  'account.requestEmailProof': row('own'),
  'auth.sessions': row('own'),
  'auth.factor': row('own'),
  'auth.enrolFactor': row('own', () => ({ password: 'wrong-password-here' })),
  'auth.confirmFactor': row('own', wrongFactor),
  'auth.renewRecoveryCodes': row('own', wrongFactor),
  'auth.removeFactor': row('own', wrongFactor),
  'auth.changePassword': row('own', () => ({ oldPassword: 'wrong-password-here', newPassword: 'a new password' })),

  'queue.sessions': row('own'),
  'queue.history': row('own', () => ({ limit: 5 })),
  'queue.doctors': row(['doctor', 'colleague', 'reception', 'nurse', 'billing', 'admin'], ({ clinicId }) => ({
    clinicId,
  })),
  'queue.join': row(acting, ({ sessionId, patientId }) => ({ sessionId, patientId, mode: 'video', reason: 'Cough' })),
  'queue.placeLink': row([...acting, ...register], entry),
  'queue.checkInCode': row(['doctor', 'colleague', 'reception', 'admin'], ({ clinicId }) => ({ clinicId })),
  'queue.checkIn': row(acting, ({ entryId }) => ({ entryId, code: 'A'.repeat(43) })),
  'queue.scanArrived': row(register, ({ clinicId, linkKey }) => ({ clinicId, code: linkKey }), {
    known: ['clinicId'],
  }),
  'queue.accuracy': row(['doctor', 'colleague', 'admin'], ({ clinicId }) => ({ clinicId, days: 7 })),
  'queue.addWalkIn': row(register, ({ sessionId }) => ({
    sessionId,
    name: 'Gita Rani',
    age: 41,
    gender: 'female',
    reason: 'Dizzy',
    priority: 'normal',
  })),
  'queue.markArrived': row(line, entry),
  'queue.acknowledge': row(line, (of) => ({ ...entry(of), alert: 'arrival' })),
  'queue.triage': row(['doctor', 'nurse'], (of) => ({ ...entry(of), vitals: { pulse: 80 }, priority: 'urgent' })),
  'queue.prioritise': row(line, (of) => ({ ...entry(of), priority: 'urgent' })),
  'queue.requeue': row(line, (of) => ({ ...entry(of), position: 1 })),
  'queue.recall': row(line, entry),
  // A video visit is its doctor's to begin and end; the desk sees it and is told so.
  'queue.start': row(['doctor'], entry, { sees: ['reception', 'nurse'] }),
  'queue.finish': row(['doctor'], entry, { sees: ['reception', 'nurse'] }),
  'queue.resume': row(line, entry),
  'queue.noShow': row(line, entry),
  'queue.undo': row(line, (of) => ({ ...entry(of), undoes: 1 })),
  'queue.pause': row(line, ({ sessionId }) => ({ sessionId, reason: 'break', until: null })),
  'queue.unpause': row(line, ({ sessionId }) => ({ sessionId })),
  'queue.openSession': row(['doctor', 'colleague'], ({ clinicId }) => ({ clinicId, label: 'Evening OPD' })),

  'board.list': row(['doctor', 'colleague', 'reception', 'nurse', 'billing', 'admin'], ({ clinicId }) => ({
    clinicId,
  })),
  'board.create': row(['doctor', 'colleague', 'reception', 'admin'], ({ clinicId }) => ({
    clinicId,
    doctorId: null,
    name: 'Waiting hall',
  })),

  'chat.open': row([...consulting, 'reception', 'nurse', 'admin'], ({ entryId }) => ({ kind: 'waiting', entryId })),
  'chat.thread': row(consulting, thread),
  'chat.threads': row('own'),
  'chat.send': row(consulting, (of) => ({ ...thread(of), text: 'Good morning' })),
  'chat.history': row(consulting, (of) => ({ ...thread(of), before: 10 })),
  'chat.search': row(consulting, (of) => ({ ...thread(of), text: 'morning' })),
  'chat.read': row(consulting, (of) => ({ ...thread(of), seq: 1 })),
  'chat.delivered': row(consulting, (of) => ({ ...thread(of), seq: 1 })),
  'chat.typing': row(consulting, thread),
  'chat.edit': row(['patient'], (of) => ({ ...thread(of), messageId: of.messageId, text: 'Good evening' }), {
    sees: ['guardian', 'doctor'],
  }),
  'chat.delete': row(['patient'], (of) => ({ ...thread(of), messageId: of.messageId }), {
    sees: ['guardian', 'doctor'],
  }),

  'consult.info': row(consulting, ({ entryId }) => ({ entryId })),
  'consult.join': row(consulting, ({ entryId }) => ({ entryId })),
  'consent.give': row(consulting, ({ entryId }) => ({ entryId, version: '2026-11', language: 'en' })),
  'consent.mine': row(consulting, ({ entryId }) => ({ entryId })),
  'consent.withdraw': row(consulting, ({ entryId }) => ({ entryId })),
  'recordings.list': row(['doctor'], ({ entryId }) => ({ entryId })),

  'notify.preferences': row('own'),
  'notify.setPreferences': row('own', () => ({ language: 'en', quiet: null, channels: {} })),
  'notify.setPhone': row('own', () => ({ phone: '+91 98450 11999' })),
  'notify.verifyPhone': row('own', wrongFactor),
  'notify.removePhone': row('own'),
  'notify.vapidKey': row('own'),
  'notify.subscribePush': row('own', () => ({
    endpoint: 'https://push.example.org/abc',
    keys: {
      p256dh: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
      auth: 'tBHItJI5svbpez7KI4CCXg',
    },
    language: 'en',
  })),
  'notify.unsubscribePush': row('own', () => ({ endpoint: 'https://push.example.org/abc' })),
  'notify.telegramLink': row('own'),
  'notify.telegramUnlink': row('own'),
  'notify.read': row(['patient'], ({ notificationId }) => ({ notificationId })),
  'notify.readAll': row('own', () => ({ upTo: 1 })),
  // Harmless for whoever has no such notification: it is not in their list, which is what was asked for.
  'notify.dismiss': row('own', ({ notificationId }) => ({ notificationId })),
  // Admins are of the whole installation here: what could not be sent is nobody's clinic's.
  'notify.outbox': row(['admin', 'adminB'], () => ({ limit: 5 })),
  'notify.deadLetters': row(['admin', 'adminB'], () => ({ limit: 5 })),
  'backup.status': row(['admin', 'adminB']),
  'backup.start': row(['admin', 'adminB']),
  'notify.retryDelivery': row(['admin', 'adminB'], ({ deliveryId }) => ({ deliveryId }), { once: true }),
  'notify.discardDelivery': row(['admin', 'adminB'], (of) => ({ deliveryId: of.otherDeliveryId }), { once: true }),
  // Who works is the whole installation's; patients are for the admins of clinics they have been to. The
  // fresh proof is asked for first, and not given here.
  'people.list': row(['admin', 'adminB'], () => ({ search: 'a' })),
  'people.one': row(['admin'], ({ accountId }) => ({ accountId })),
  'people.invite': row(['admin', 'adminB'], () => ({
    ...{ name: 'Gita Rani', email: 'gita@example.org', roles: ['staff'], proof: 'wrong-password-here' },
  })),
  'people.reinvite': row(['admin'], ({ accountId }) => ({ accountId })),
  'people.change': row(['admin', 'adminB'], ({ accountId }) => ({
    ...{ accountId, seen: 1, roles: ['staff'], proof: 'wrong-password-here' },
  })),
  'people.deactivate': row(['admin', 'adminB'], ({ accountId }) => ({ accountId, proof: 'wrong-password-here' })),
  'people.reactivate': row(['admin', 'adminB'], ({ accountId }) => ({ accountId, proof: 'wrong-password-here' })),
  'verification.list': row(['admin', 'adminB'], () => ({ state: 'verified' })),
  'verification.one': row(['admin', 'adminB'], ({ doctorId }) => ({ doctorId })),
  'verification.decide': row(['admin', 'adminB'], ({ doctorId }) => ({ doctorId, version: 99, decision: 'unsuspend' })),
  'application.mine': row('own'),
  'application.save': row('own', () => ({
    version: 99,
    profile: {
      ...{ specialty: null, qualification: null, registrationNumber: null, council: null, registrationYear: null },
      ...{ experienceYears: null, feePaise: null, education: null, affiliation: null, languages: [], bio: null },
    },
  })),
  'application.attach': row('own', ({ fileId }) => ({ version: 99, as: 'photo', fileId })),
  'application.detach': row('own', ({ fileId }) => ({ version: 99, fileId })),
  'application.submit': row('own', () => ({ version: 99, declared: true })),
  // Admins answer for the whole installation, and for who looked at what in it.
  'audit.search': row(['admin', 'adminB'], () => ({ limit: 5 })),
  'audit.state': row(['admin', 'adminB'], () => ({ limit: 5 })),
  // A code of nobody: for an admin of another clinic a patient's answers the same, and so does erasing with a proof.
  'erasure.find': row([], () => ({ code: 'ND-2222-2222' })),
  'erasure.erase': row(['admin', 'adminB'], ({ patientId }) => ({ patientId, proof: 'wrong-password-here' })),
  'erasure.list': row('own', () => ({ limit: 5 })),
  'announcements.mine': row('own'),
  'announcements.list': row('own', () => ({ limit: 5 })),
  'announcements.publish': row(['reception', 'admin'], ({ clinicId }) => ({
    texts: { en: { title: 'Closed on Monday', body: 'See you on Tuesday.' }, hi: null },
    roles: ['doctor'],
    clinicId,
  })),
  'announcements.withdraw': row(['reception', 'admin'], ({ announcementId }) => ({ announcementId })),

  'queue.hold': row(line, entry),
  'queue.skip': row(line, entry),
  'queue.callNext': row(line, ({ sessionId }) => ({ sessionId, seen: null })),
  'queue.call': row(line, (of) => ({ ...entry(of), seen: null })),
  'queue.transfer': row(line, (of) => ({ ...entry(of), toSessionId: of.otherSessionId })),
  'queue.cancel': row(line, entry),
  'queue.leave': row(acting, ({ entryId }) => ({ entryId })),
  'queue.closeDesk': row(register, ({ sessionId }) => ({ sessionId, rest: 'cancel' })),
  'board.remove': row(['doctor', 'colleague', 'reception', 'admin'], ({ boardId }) => ({ boardId }), { once: true }),
  // Every admin of an installation, once they have shown who they are.
  'auth.removeFactorOf': row(['admin', 'adminB'], ({ accountId }) => ({ accountId, proof: 'wrong-password-here' })),
  'auth.endSessionsOf': row(['admin', 'adminB'], ({ accountId }) => ({ accountId, proof: 'wrong-password-here' })),
  'auth.revokeSession': row(['patient'], ({ signInId }) => ({ signInId })),
  'auth.revokeOthers': row('own'),
  'auth.logout': row('own', () => ({ everywhere: false })),
};

interface Key {
  readonly may: 'public' | readonly Person[];
  readonly key: (of: Things) => string;
}
const atFirstClinic = ['doctor', 'colleague', 'reception', 'nurse', 'billing', 'admin'] as const;
const ofDesk = {
  may: ['doctor', 'reception', 'nurse', 'billing', 'admin'],
  key: ({ sessionId }: Things) => sessionId,
} as const;
const ofPlace = { may: acting, key: ({ entryId }: Things) => entryId } as const;
const self = { may: ['patient'], key: ({ accountId }: Things) => accountId } as const;
const ofVisit = { may: consulting, key: ({ entryId }: Things) => entryId } as const;
const ofWaiting = {
  may: [...consulting, 'reception', 'nurse', 'admin'],
  key: (of: Things) => of.waitingThreadId,
} as const;
const ofTeam = { may: atFirstClinic, key: ({ staffThreadId }: Things) => staffThreadId } as const;

/** Every live channel, with one key or several of the first clinic's. */
export const expectedChannels: Readonly<Record<ChannelName, readonly Key[]>> = {
  queue: [ofDesk],
  directory: [ofDesk],
  triages: [{ ...ofDesk, may: ['doctor', 'nurse', 'admin'] }],
  queuePresence: [ofDesk],
  place: [ofPlace],
  careTeam: [ofPlace],
  linkedPlace: [{ may: 'public', key: ({ linkKey }) => linkKey }],
  myPlaces: [self],
  unread: [self],
  notifications: [self],
  // Like a notice board: whoever is signed in sees which desks are open.
  lobby: [{ may: people, key: ({ clinicId }) => clinicId }],
  board: [{ may: 'public', key: ({ boardId }) => boardId }],
  chat: [ofVisit, ofWaiting, ofTeam],
  receipts: [ofVisit, ofWaiting, ofTeam],
  typing: [ofVisit, ofWaiting, ofTeam],
  presence: [{ may: atFirstClinic, key: ({ clinicId }) => clinicId }],
};

interface Route {
  /** `nobody`: without the provider's signature there is nothing here. */
  readonly may: 'public' | 'nobody' | 'own' | readonly Person[];
  /** Roles that may use it at all; others are told so. Absent: all. */
  readonly roles?: readonly 'doctor'[];
  readonly path: (of: Things) => string;
}
/** Every route that is no operation. */
export const expectedRoutes: Readonly<Record<keyof typeof routes, Route>> = {
  healthz: { may: 'public', path: () => '/healthz' },
  readyz: { may: 'public', path: () => '/readyz' },
  metrics: { may: 'public', path: () => '/metrics' },
  openapi: { may: 'public', path: () => '/api/openapi.json' },
  twilioHook: { may: 'nobody', path: () => '/api/hooks/twilio' },
  telegramHook: { may: 'nobody', path: () => '/api/hooks/telegram' },
  upload: { may: 'own', path: () => '/api/v1/files' },
  file: { may: consulting, path: ({ fileId }) => `/api/v1/files/${fileId}` },
  thumbnail: { may: consulting, path: ({ fileId }) => `/api/v1/files/${fileId}/thumbnail` },
  recording: { may: ['doctor'], roles: ['doctor'], path: ({ recordingId }) => `/api/v1/recordings/${recordingId}` },
};
