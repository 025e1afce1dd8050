import type { StoredEvent } from '../store/streams/log.ts';
import { sealedEvents, sealedKinds, type SealedEventSpec, type SealedKind } from './fields.ts';
import { SealError } from './MasterKeys.ts';
import type { PatientKeys } from './PatientKeys.ts';
import { openText, sealText } from './sealText.ts';

/** Whose key seals a stream of this kind, by the stream's key. Must never change for a stream. */
export type SubjectOf = (key: string) => Promise<string>;
type Data = Readonly<Record<string, unknown>>;

/** More streams than this are asked about anew. */
const mostRemembered = 20_000;

/**
 * Seals the listed fields of events on their way into the log and opens them on their way out: nobody before it or behind it
 * knows. A sealed event names whose key it is, so that one of the time before sealing is told from it.
 */
export class EventSealer {
  readonly #keys: PatientKeys;
  readonly #subjectOf: Readonly<Record<SealedKind, SubjectOf>>;
  readonly #subjects = new Map<string, string>();

  constructor(keys: PatientKeys, subjectOf: Readonly<Record<SealedKind, SubjectOf>>) {
    this.#keys = keys;
    this.#subjectOf = subjectOf;
  }

  /** @throws ErasedError when the subject's key was destroyed. */
  async seal(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const sealed: StoredEvent[] = [];
    for (const event of events) {
      const kind = kindOf(event.stream);
      if (!kind) {
        sealed.push(event);
        continue;
      }
      // Also for events that hold nothing to seal: of who was erased nothing more is written.
      const subject = await this.#subject(kind, event.stream);
      const key = await this.#keys.keyOf(subject);
      sealed.push(sealedEvent(event, subject, key));
    }
    return sealed;
  }

  /** Events of who was erased come with what the list says instead. @throws SealError when one was changed or moved. */
  async open(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const subjects = new Set<string>();
    for (const { sealedFor } of events) if (sealedFor !== undefined) subjects.add(sealedFor);
    if (subjects.size === 0) return [...events];
    const keys = new Map<string, Buffer | null>();
    for (const subject of subjects) {
      const key = await this.#keys.keyIfAny(subject);
      // Not the same as erased: somebody removed the key's record.
      if (key === undefined) throw new SealError('the key of a sealed event is missing');
      keys.set(subject, key);
    }
    return events.map((event) =>
      event.sealedFor === undefined ? event : openedEvent(event, keys.get(event.sealedFor) ?? null),
    );
  }

  async #subject(kind: SealedKind, stream: string): Promise<string> {
    const known = this.#subjects.get(stream);
    if (known !== undefined) return known;
    const subject = await this.#subjectOf[kind](stream.slice(stream.indexOf(':') + 1));
    if (this.#subjects.size >= mostRemembered) this.#subjects.clear();
    this.#subjects.set(stream, subject);
    return subject;
  }
}

function kindOf(stream: string): SealedKind | null {
  const name = stream.slice(0, stream.indexOf(':'));
  return sealedKinds.find((kind) => kind === name) ?? null;
}

function specOf({ stream, type }: StoredEvent): SealedEventSpec | undefined {
  const kind = kindOf(stream);
  const types: Readonly<Record<string, SealedEventSpec>> = kind ? sealedEvents[kind] : {};
  return types[type];
}

function sealedEvent(event: StoredEvent, subject: string, key: Buffer): StoredEvent {
  const spec = specOf(event);
  if (!spec || !isData(event.data)) return event;
  const data: Record<string, unknown> = { ...event.data };
  for (const field of spec.fields) {
    if (data[field] !== undefined) data[field] = sealText(key, JSON.stringify(data[field]), contextOf(event, field));
  }
  return { ...event, data, sealedFor: subject };
}

function openedEvent(event: StoredEvent, key: Buffer | null): StoredEvent {
  const { sealedFor: _whose, ...bare } = event;
  const spec = specOf(event);
  if (!spec || !isData(event.data)) return bare;
  const data: Record<string, unknown> = { ...event.data };
  for (const field of spec.fields) {
    const value = data[field];
    if (typeof value !== 'string') continue;
    if (key) data[field] = JSON.parse(openText(key, value, contextOf(event, field)));
    else delete data[field];
  }
  return { ...bare, data: key ? data : { ...data, ...spec.erased } };
}

/** The event's id holds its stream, epoch and seq: a sealed text cannot stand in another message, nor in another place. */
function contextOf(event: StoredEvent, field: string): string {
  return `events:${event._id}:${field}`;
}

function isData(data: unknown): data is Data {
  return typeof data === 'object' && data !== null;
}
