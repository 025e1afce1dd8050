import { z } from 'zod';
import { entryState } from '../state/queue.ts';
import { id } from './common.ts';
import { operation } from './define.ts';

export const consultOperations = {
  'consult.join': operation({
    kind: 'command',
    summary: 'A grant for the consult room of an entry that is called or in consultation; good once, for two minutes.',
    input: z.strictObject({ entryId: id }),
    output: z.object({
      /** Where the media node listens for signalling. */
      url: z.string(),
      grant: z.string(),
      room: z.string(),
      epoch: z.int().positive(),
      peer: z.string(),
      role: z.enum(['doctor', 'patient']),
    }),
    roles: ['doctor', 'patient'],
    rate: 'write',
    audited: true,
  }),
  'consult.info': operation({
    kind: 'query',
    summary: 'Who meets whom in the consultation of an entry.',
    input: z.strictObject({ entryId: id }),
    output: z.object({
      entryId: id,
      sessionId: id,
      token: z.string(),
      doctorName: z.string(),
      registrationNumber: z.string(),
      patientName: z.string(),
      /** Account ids of the two sides, as they appear as chat authors. */
      doctorAccountId: id,
      state: entryState,
    }),
    roles: ['doctor', 'patient'],
    rate: 'read',
    audited: true,
  }),
};
