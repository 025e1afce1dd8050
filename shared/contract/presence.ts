import { z } from 'zod';
import { presenceState } from '../state/presence.ts';
import { id } from './common.ts';
import { recordView, view } from './define.ts';

/** A patient's view of who they wait for: nothing of other patients, and no names. */
export const careTeam = z.object({
  doctor: presenceState,
  /** Somebody of the clinic's staff is there. */
  reception: z.boolean(),
});
export type CareTeam = z.infer<typeof careTeam>;

/** Who is there. Ids only, whoever is not listed is offline. */
export const presenceChannels = {
  presence: recordView({
    summary:
      'Who of a clinic is there: account ids of its doctors and staff, and for each open desk (session id) its doctor. Key: clinic id.',
    roles: ['doctor', 'staff', 'admin'],
    key: id,
    value: presenceState,
  }),
  queuePresence: recordView({
    summary: 'Which patients of a queue are there, by patient id. Key: session id.',
    roles: ['doctor', 'staff', 'admin'],
    key: id,
    value: presenceState,
  }),
  careTeam: view({
    summary: 'Whether the doctor of one’s own place, and the reception, are there. Key: entry id.',
    roles: ['patient'],
    key: id,
    state: careTeam,
  }),
};
