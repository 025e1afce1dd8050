import { AppError } from '../../shared/errors.ts';
import type { SubjectOf } from '../keys/EventSealer.ts';
import type { Repos } from '../store/Repos.ts';
import { findThread } from '../store/threads.ts';

/** Whose key seals a thread: its patient's; that of a clinic's staff channel is its own. */
export function chatSubject(repos: Repos): SubjectOf {
  return async (threadId) => {
    const thread = await findThread(repos, threadId);
    // A thread is written down before its first message.
    if (!thread) throw new AppError('NOT_FOUND', 'no such thread');
    return thread.patientId ?? thread._id;
  };
}
