import { untrack } from 'svelte';
import { currentRecordingConsent, type ConsentLanguage } from '../../../shared/consentText.ts';
import { recordingOff, type RecordingInfo } from '../../../shared/contract/sfuRecording.ts';
import { errorText } from '../i18n/errorText.ts';
import { RequestError, hub } from '../lib/index.ts';
import { toast } from '../ui/index.ts';
import type { ErrorCode } from '../../../shared/errors.ts';

/** What a recording needs of the room it is in. */
export interface RecordedCall {
  /** One's own seat, once joined. */
  readonly me: string | undefined;
  /** Raised at every (re)connection to a node. */
  readonly live: boolean;
  readonly recording: RecordingInfo;
  consent(token: string): Promise<void>;
  withdrawConsent(): Promise<void>;
  startRecording(): Promise<void>;
  stopRecording(): Promise<void>;
}

/** How long to wait before telling again that a consent was taken back, ms: the hub, which notes it; the node, which acts on it. */
const againMs = { hub: 5_000, node: 500 };

/** Raised when a recording of this page has ended: lists of recordings look again. */
export const ended = $state({ count: 0 });

/**
 * Recording from one side: what the recorder really does, one's own consent, and starting and stopping. Call while a
 * component initialises. The node is told first and by itself, so that stopping works while the hub is away.
 */
export function useRecording(entryId: string, call: () => RecordedCall | null) {
  let token = $state<string | null>(null);
  /** Asked here, by this side: go on after the own consent, and after another node took over. */
  let wanted = $state(false);
  let declined = $state(false);
  let busy = $state(false);
  let code = $state<ErrorCode | null>(null);
  /** What somebody else has done to it: said no, or stopped it. */
  let outcome = $state<'declined' | 'stopped' | null>(null);
  /** Stopped here, and the node has not answered yet. */
  let stopping = false;
  const retries: Partial<Record<keyof typeof againMs, ReturnType<typeof setTimeout>>> = {};

  const info = $derived(call()?.recording ?? recordingOff);
  const mine = $derived(info.consented.includes(call()?.me ?? ''));
  /** Somebody wants to record and this side has not answered yet. */
  const asked = $derived(!mine && !declined && (wanted || info.state === 'waiting'));

  async function attempt(work: () => Promise<void>): Promise<ErrorCode | null> {
    busy = true;
    code = null;
    try {
      await work();
    } catch (thrown) {
      code = RequestError.of(thrown).code;
    } finally {
      busy = false;
    }
    return code;
  }

  async function start(now: RecordedCall): Promise<void> {
    const refused = await attempt(() => now.startRecording());
    if (refused === null) return;
    wanted = false;
    toast.error(errorText(refused));
  }

  /** Until the node has heard it: it may be out of reach for a moment. */
  async function tellNode(): Promise<void> {
    if (!stopping) return;
    try {
      const now = call();
      if (!now?.live) throw new Error('not connected');
      await now.withdrawConsent();
      stopping = false;
    } catch {
      retries.node = setTimeout(() => void tellNode(), againMs.node);
    }
  }

  async function tellHub(): Promise<void> {
    try {
      await hub.request('consent.withdraw', { entryId });
    } catch (thrown) {
      if (RequestError.of(thrown).code === 'NOT_FOUND') return;
      retries.hub = setTimeout(() => void tellHub(), againMs.hub);
    }
  }

  // Before the effect that starts: what somebody has ended is not begun anew.
  let before: RecordingInfo['state'] = 'off';
  $effect(() => {
    const now = info.state;
    untrack(() => {
      if (now === before) return;
      // A question that is over may be asked, and answered, anew.
      if (now === 'off') declined = false;
      if (now !== 'off') outcome = null;
      // Off while the node still holds the own consent: it was ended, not lost with the node.
      if (now === 'off' && mine) {
        wanted = false;
        outcome = before === 'waiting' ? 'declined' : 'stopped';
      }
      if (now === 'failed') wanted = false;
      // What was recorded can be heard.
      if (before === 'on') ended.count += 1;
      before = now;
    });
  });
  // The call came back, perhaps on another node, which knows nothing of the consent yet.
  $effect(() => {
    const now = call();
    if (!now?.live || token === null || mine) return;
    const shown = token;
    untrack(() => void attempt(() => now.consent(shown)));
  });
  $effect(() => {
    const now = call();
    if (!now?.live || !wanted || !mine || (info.state !== 'off' && info.state !== 'failed')) return;
    untrack(() => void start(now));
  });
  $effect(() => () => {
    for (const timer of Object.values(retries)) clearTimeout(timer);
  });

  return {
    get state() {
      return info.state;
    },
    get asked() {
      return asked;
    },
    get busy() {
      return busy;
    },
    get code() {
      return code;
    },
    get outcome() {
      return outcome;
    },
    /** The outcome has been read. */
    dismiss(): void {
      outcome = null;
    },
    /** The doctor wants to record: asks oneself first. */
    ask(): void {
      declined = false;
      code = null;
      outcome = null;
      stopping = false;
      wanted = true;
    },
    agree: (language: ConsentLanguage) =>
      attempt(async () => {
        const { version } = currentRecordingConsent;
        stopping = false;
        token = (await hub.request('consent.give', { entryId, version, language })).token;
      }),
    /** No: also for the one who asked, who sees that it is off. */
    decline(): void {
      declined = true;
      wanted = false;
      void attempt(async () => await call()?.stopRecording());
    },
    /** Ends it for everybody; the next one asks again. */
    stop(): void {
      wanted = false;
      token = null;
      stopping = true;
      void tellNode();
      void tellHub();
    },
  };
}
export type RecordingControl = ReturnType<typeof useRecording>;
