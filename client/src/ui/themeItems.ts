import Monitor from '@lucide/svelte/icons/monitor';
import Moon from '@lucide/svelte/icons/moon';
import Sun from '@lucide/svelte/icons/sun';
import { t } from '../i18n/index.svelte.ts';
import { theme, type ThemeChoice } from './theme.svelte.ts';
import type { MenuItem } from './types.ts';

/** The three theme choices as menu lines; used by ThemeSwitch and, on a phone, by the account menu. */
export function themeItems(): MenuItem[] {
  const icons = { system: Monitor, light: Sun, dark: Moon };
  const choices: ThemeChoice[] = ['system', 'light', 'dark'];
  return choices.map((choice) => ({
    kind: 'radio',
    label: t(`ui.theme.${choice}`),
    icon: icons[choice],
    checked: theme.choice === choice,
    onselect: () => theme.choose(choice),
  }));
}
