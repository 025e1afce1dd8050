import { fail, skipped, type Check } from '../check.ts';

export const backup: Check = {
  id: 'backup',
  title: 'Backup',
  run: async ({ env, mode }) => {
    if ((env['NADI_BACKUP_TARGET'] ?? '') === '') {
      if (mode === 'demo') return skipped('a demo has none');
      return fail('nothing is backed up', 'Set NADI_BACKUP_TARGET (npm run setup), and keep a copy of NADI_KEY.');
    }
    return skipped('not looked at yet');
  },
};
