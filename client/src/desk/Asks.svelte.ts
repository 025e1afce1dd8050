import type { DeskRow } from './deskModel.ts';
import type { Desk } from './useDesk.svelte.ts';

/** What needs a dialog before it is done to a row. */
export type AskKind = 'move' | 'transfer' | 'remove' | 'noShow' | 'triage';
export interface Ask {
  readonly kind: AskKind;
  readonly desk: Desk;
  readonly row: DeskRow;
}

/** Which dialog about a row is open. The row it was opened for stays, whoever is selected by the time of the answer. */
export class Asks {
  #current = $state.raw<Ask | null>(null);
  #open = $state(false);

  get current(): Ask | null {
    return this.#current;
  }
  open(kind: AskKind): boolean {
    return this.#open && this.#current?.kind === kind;
  }
  ask(kind: AskKind, desk: Desk, row: DeskRow): void {
    this.#current = { kind, desk, row };
    this.#open = true;
  }
  /** The words stay while the dialog fades out. */
  close(): void {
    this.#open = false;
  }
}
