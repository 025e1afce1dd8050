import type { Attachment } from '../../../shared/state/chat.ts';
import { limits } from '../../../shared/limits.ts';
import { RequestError } from '../lib/index.ts';
import { refusal, upload } from './files.ts';

/** A file chosen for the message that is being written. */
export interface Picked {
  readonly key: string;
  readonly name: string;
  readonly bytes: number;
  readonly picture: string | null;
  readonly part: number;
  readonly done: Attachment | null;
  readonly code: string | null;
  readonly file: File;
  readonly abort: AbortController;
}

/** Files of one composer: uploaded as they are chosen, shown with their progress, taken with the message. */
export class Uploads {
  #all = $state.raw<readonly Picked[]>([]);
  #count = 0;

  get all(): readonly Picked[] {
    return this.#all;
  }
  get busy(): boolean {
    return this.#all.some((one) => one.done === null && one.code === null);
  }
  /** One that could not be uploaded keeps the message back until it is removed or goes through. */
  get failed(): boolean {
    return this.#all.some((one) => one.code !== null);
  }
  get ready(): readonly Attachment[] {
    return this.#all.flatMap((one) => one.done ?? []);
  }

  /** Takes as many as a message may hold; false when some were left out. */
  add(files: readonly File[]): boolean {
    const room = limits.attachmentsPerMessage - this.#all.length;
    for (const file of files.slice(0, room)) {
      const code = refusal(file);
      const one: Picked = {
        key: `${this.#count++}`,
        name: file.name,
        bytes: file.size,
        picture: file.type.startsWith('image/') && code === null ? URL.createObjectURL(file) : null,
        part: 0,
        done: null,
        code,
        file,
        abort: new AbortController(),
      };
      this.#all = [...this.#all, one];
      if (code === null) void this.#send(one);
    }
    return files.length <= room;
  }

  retry(key: string): void {
    const one = this.#all.find((other) => other.key === key);
    if (!one || refusal(one.file) !== null) return;
    this.#patch(key, { code: null, part: 0 });
    void this.#send(one);
  }

  remove(key: string): void {
    const one = this.#all.find((other) => other.key === key);
    if (!one) return;
    one.abort.abort();
    if (one.picture !== null) URL.revokeObjectURL(one.picture);
    this.#all = this.#all.filter((other) => other !== one);
  }

  clear(): void {
    for (const one of this.#all) this.remove(one.key);
  }

  async #send({ key, file, abort }: Picked): Promise<void> {
    try {
      const done = await upload(file, (part) => this.#patch(key, { part }), abort.signal);
      this.#patch(key, { done, part: 1 });
    } catch (thrown) {
      if (!abort.signal.aborted) this.#patch(key, { code: RequestError.of(thrown).code });
    }
  }

  #patch(key: string, change: Partial<Picked>): void {
    this.#all = this.#all.map((one) => (one.key === key ? { ...one, ...change } : one));
  }
}
