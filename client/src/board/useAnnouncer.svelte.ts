import { untrack } from 'svelte';
import type { BoardDesk } from '../../../shared/contract/board.ts';
import { finished, observe, quiet, type Announcer, type Call } from './announcer.ts';
import { Speaker } from './Speaker.svelte.ts';

/** Has the calls of a board said aloud as they come. Call while a component initialises. */
export function useAnnouncer(desks: () => readonly BoardDesk[] | null, silent: () => boolean) {
  const speaker = new Speaker();
  let announcer = $state.raw<Announcer>(quiet);
  const speaking = $derived(announcer.speaking);

  $effect(() => {
    const now = desks();
    if (now) untrack(() => (announcer = observe(announcer, now)));
  });
  $effect(() => {
    const call = speaking;
    if (!call) return;
    void speaker.say(call, untrack(silent)).then(() => {
      if (announcer.speaking === call) announcer = finished(announcer);
    });
  });
  $effect(() => () => speaker.close());

  return {
    speaker,
    /** The call that is being said now. */
    get speaking(): Call | null {
      return speaking;
    },
    /** Nothing is being said or waits to be. */
    get idle(): boolean {
      return speaking === null && announcer.waiting.length === 0;
    },
  };
}
