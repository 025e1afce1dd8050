/** The look shared by text inputs and selects. */
export const controlLook =
  'control-text w-full target rounded-md border border-control bg-surface px-3 py-1.5 text-ink transition-colors duration-150 hover:border-ink aria-invalid:border-2 aria-invalid:border-danger disabled:cursor-not-allowed disabled:bg-sunken disabled:text-muted focus-visible:outline-offset-1';
