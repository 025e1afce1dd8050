import { z } from 'zod';
import { permissionSet, role } from './common.ts';
import { operation } from './define.ts';

export const systemOperations = {
  'system.info': operation({
    kind: 'query',
    summary: 'What this server is: version, contract version, demo mode.',
    input: z.strictObject({}),
    output: z.object({
      version: z.string(),
      contract: z.int(),
      demo: z.boolean(),
      /** Demo mode only: sign-in addresses to offer, all with the published demo password. */
      demoLogins: z.array(
        z.object({ email: z.string(), role, permissionSets: z.array(permissionSet).readonly().optional() }),
      ),
    }),
    roles: 'public',
    rate: 'read',
  }),
};
