import { getContext, setContext } from 'svelte';

/** What a Field tells the control inside it, so that label, hint and error are wired without a prop. */
export interface FieldWiring {
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
  readonly required: boolean;
}

const key = Symbol('field');

export function provideField(wiring: FieldWiring): void {
  setContext(key, wiring);
}

/** The Field around a control; `undefined` when there is none (then give the control an `aria-label`). */
export function useField(): FieldWiring | undefined {
  return getContext<FieldWiring | undefined>(key);
}
