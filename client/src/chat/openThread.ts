import type { CallOf } from '../../../shared/contract/index.ts';
import { errorText } from '../i18n/errorText.ts';
import { hub, RequestError } from '../lib/index.ts';
import { navigate } from '../routes.ts';
import { toast } from '../ui/index.ts';

/** Goes to the thread of an entry (`visit`, `waiting`, `direct`) or of a clinic's staff; for a button in a row or a menu. */
export async function openThread(reference: CallOf<'chat.open'>): Promise<void> {
  try {
    const { threadId } = await hub.request('chat.open', reference);
    await navigate('/messages/:threadId', { params: { threadId } });
  } catch (thrown) {
    toast.error(errorText(RequestError.of(thrown).code));
  }
}
