import { toast as sonner } from 'svelte-sonner';

interface ToastOptions {
  /** One more line. */
  text?: string;
  /** A way back, e.g. Undo. Such a toast stays longer. */
  action?: { label: string; run: () => void };
}

function show(kind: 'success' | 'error' | 'info', title: string, { text, action }: ToastOptions = {}): void {
  sonner[kind](title, {
    ...(text ? { description: text } : {}),
    ...(action ? { action: { label: action.label, onClick: action.run }, duration: 10_000 } : {}),
    ...(kind === 'error' ? { duration: 10_000 } : {}),
  });
}

/** A short note at the edge of the screen about what the person just did. Never the only place of an error they must act on. */
export const toast = {
  success: (title: string, options?: ToastOptions): void => show('success', title, options),
  error: (title: string, options?: ToastOptions): void => show('error', title, options),
  info: (title: string, options?: ToastOptions): void => show('info', title, options),
};
