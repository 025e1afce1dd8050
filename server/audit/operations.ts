import { actorOf, type HandlersOf } from '../hub/context.ts';
import type { AuditCheck } from './Check.ts';
import type { AuditSearch } from './Search.ts';

export function auditHandlers(search: AuditSearch, check: AuditCheck): HandlersOf<'audit'> {
  return {
    'audit.search': (context, input) => search.search(actorOf(context), input),
    'audit.state': (_context, input) => check.state(input),
  };
}
