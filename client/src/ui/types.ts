import type { LucideProps } from '@lucide/svelte';
import type { Component } from 'svelte';

/** A lucide icon: `import Phone from '@lucide/svelte/icons/phone'`. */
export type Icon = Component<LucideProps>;

/** The colours with a meaning (see tokens.css) and the two plain ones. */
export type Tone =
  'neutral' | 'accent' | 'danger' | 'waiting' | 'called' | 'consult' | 'urgent' | 'emergency' | 'done' | 'hold';

/** One choice of a Select, RadioGroup or SegmentedControl. `label` is already translated. */
export interface Option<V extends string = string> {
  value: V;
  label: string;
  hint?: string;
  disabled?: boolean;
  icon?: Icon;
  /** Language of the label when it differs from the page, e.g. `hi`. */
  lang?: string;
}

/** One line of a Menu. */
export type MenuItem =
  | {
      kind?: 'item';
      label: string;
      icon?: Icon;
      hint?: string;
      danger?: boolean;
      disabled?: boolean;
      lang?: string;
      onselect: () => void;
    }
  | { kind: 'radio'; label: string; icon?: Icon; checked: boolean; lang?: string; onselect: () => void }
  | { kind: 'heading'; label: string }
  | { kind: 'separator' };
