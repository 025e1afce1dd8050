import { untrack } from 'svelte';
import type { OutputOf } from '../../../shared/contract/index.ts';
import { recordingOff, type RecordingInfo } from '../../../shared/contract/sfuRecording.ts';
import type { MediaSource } from '../../../shared/contract/sfu.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import { entryState, isActive, type EntryState } from '../../../shared/state/queue.ts';
import { hub, idle, RequestError, useStream, useView } from '../lib/index.ts';
import { ConsultRoom } from './room/ConsultRoom.ts';
import type { LocalSource, Quality, RemotePeer, RoomState, RoomTicket } from './room/roomTypes.ts';
import { faceOf, lineOf } from './faces.ts';
import type { RecordedCall } from '../recording/useRecording.svelte.ts';

export type ConsultRole = 'doctor' | 'patient';
export type Consult = ReturnType<typeof useConsult>;

const noDevice: LocalSource = { wanted: false, starting: false, on: false, problem: undefined, stream: undefined };
/** Codes after which asking again for a grant cannot help. */
const refusals: readonly ErrorCode[] = ['WRONG_STATE', 'NOT_FOUND', 'FORBIDDEN', 'NOT_CALLED_YET'];

/**
 * One consultation from one side: takes the seat as soon as it is there, keeps it over everything, and says how it stands. Call while a component
 * initialises; made anew for another entry. Leaving the page gives the seat back; a reload takes it again.
 */
export function useConsult(entryId: string, role: ConsultRole) {
  let state = $state<RoomState>('idle');
  let code = $state<string | undefined>(undefined);
  let peers = $state.raw<readonly RemotePeer[]>([]);
  let local = $state.raw<Readonly<Record<MediaSource, LocalSource>>>({ microphone: noDevice, camera: noDevice });
  let quality = $state<Quality>('unknown');
  let recording = $state.raw<RecordingInfo>(recordingOff);
  let me = $state<string | undefined>(undefined);
  let refusal = $state<ErrorCode | null>(null);
  /** The state of the visit, as the refusal tells it: it comes before the place or the queue does. */
  let refusedAs = $state<EntryState | null>(null);
  let info = $state.raw<OutputOf<'consult.info'> | null>(null);
  let room = $state.raw<ConsultRoom | null>(null);
  let closed = false;

  // When it began: the patient hears it from their place, the doctor from the queue of the desk.
  const place = useView('place', () => (role === 'patient' ? entryId : null));
  const queue = useStream('queue', () => (role === 'doctor' ? (info?.sessionId ?? null) : null));
  const entry = $derived(queue.state?.entries[entryId] ?? null);
  const startedAt = $derived(place.state?.startedAt ?? entry?.startedAt ?? null);
  const visit = $derived(place.state?.state ?? entry?.state ?? refusedAs);

  const others = $derived(peers.filter((peer) => peer.role !== role));
  const other = $derived(others[0] ?? null);
  const face = $derived(faceOf(state, visit, refusal, others.length));

  async function ticket(): Promise<RoomTicket | null> {
    try {
      return await hub.request('consult.join', { entryId });
    } catch (thrown) {
      const failure = RequestError.of(thrown);
      if (!refusals.includes(failure.code)) throw failure;
      refusedAs = entryState.safeParse(failure.details?.['state']).data ?? null;
      refusal = failure.code;
      return null;
    }
  }

  async function begin(): Promise<void> {
    refusal = null;
    state = 'connecting';
    code = undefined;
    const devices = { microphone: local.microphone.wanted, camera: local.camera.wanted };
    const first = room === null;
    end();
    const mine = new ConsultRoom();
    room = mine;
    const listen = () => {
      mine.on('state', (now) => {
        state = now.state;
        code = now.code;
      });
      mine.on('peers', (now) => (peers = now));
      mine.on('local', (now) => (local = now));
      mine.on('quality', (now) => (quality = now));
      mine.on('recording', (now) => {
        me = mine.me;
        recording = now;
      });
    };
    try {
      const found = await ticket();
      if (closed || room !== mine) return;
      if (found === null) {
        state = 'idle';
        return;
      }
      listen();
      // A window that takes the call back keeps what was muted.
      await mine.join({ ...found, getGrant: ticket, ...(first ? {} : devices) });
    } catch (thrown) {
      if (closed || room !== mine) return;
      state = 'failed';
      code = RequestError.of(thrown).code;
    }
  }

  async function learnNames(): Promise<void> {
    try {
      info = await hub.request('consult.info', { entryId });
    } catch {
      // the call does not wait for names
    }
  }

  function end(): void {
    const old = room;
    room = null;
    void old?.leave();
    peers = [];
    recording = recordingOff;
  }

  $effect(() => {
    // Untracked: it reads and writes what it joins with; the entry is fixed for the life of this.
    untrack(() => void begin());
    untrack(() => void learnNames());
    const release = hub.holdReload();
    return () => {
      closed = true;
      release();
      end();
    };
  });

  // Who is in a call is there, whether they touch anything or not.
  $effect(() => (room === null ? undefined : idle.hold()));

  // Called, or called again, while the page is open: join by itself. Over at the desk: the node says so too, but it may be out of reach.
  $effect(() => {
    const now = visit;
    untrack(() => {
      if ((now === 'called' || now === 'in-consultation') && (refusal !== null || state === 'ended')) void begin();
      else if (now === 'skipped' || now === 'on-hold' || (now !== null && !isActive(now))) end();
    });
  });

  return {
    entryId,
    role,
    get face() {
      return face;
    },
    get state() {
      return state;
    },
    /** Why it failed or was refused. */
    get code() {
      return refusal ?? code;
    },
    get line() {
      return lineOf(state, other?.state === 'reconnecting', quality);
    },
    get other() {
      return other;
    },
    get local() {
      return local;
    },
    get info() {
      return info;
    },
    /** The name of whoever is at the other end, once known. */
    get otherName() {
      return (role === 'doctor' ? info?.patientName : (info?.doctorName ?? place.state?.doctorName)) ?? null;
    },
    /** When the consultation began, by the server's clock, ms; null before. */
    get startedAt() {
      return startedAt;
    },
    /** The call as a recording sees it. */
    get recorded(): RecordedCall | null {
      const live = state === 'live' && me !== undefined;
      return room === null ? null : recordedCall(room, live, me, recording);
    },
    toggleMic: () => void room?.setMicrophone(local.microphone.problem !== undefined || !local.microphone.wanted),
    toggleCamera: () => void room?.setCamera(local.camera.problem !== undefined || !local.camera.wanted),
    /** Asks for the devices that could not be had once more. */
    reopenDevices(): void {
      if (local.microphone.problem) void room?.setMicrophone(true);
      if (local.camera.problem) void room?.setCamera(true);
    },
    /** After `failed`, `left`, `replaced` or a refusal. */
    again: () => void begin(),
    /** Gives the seat up; the consultation goes on. */
    leave(): void {
      end();
      state = 'left';
    },
  };
}

function recordedCall(
  room: ConsultRoom,
  live: boolean,
  me: string | undefined,
  recording: RecordingInfo,
): RecordedCall {
  return {
    me,
    live,
    recording,
    consent: (token) => room.consent(token),
    withdrawConsent: () => room.withdrawConsent(),
    startRecording: () => room.startRecording(),
    stopRecording: () => room.stopRecording(),
  };
}
