import { readPref, writePref } from './prefs.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

const browserBar = { light: '#f3f7f8', dark: '#0e1619' };
const system = matchMedia('(prefers-color-scheme: dark)');

class Theme {
  #choice = $state<ThemeChoice>('system');
  #systemDark = $state(system.matches);

  constructor() {
    const saved = readPref('theme');
    if (saved === 'light' || saved === 'dark') this.#choice = saved;
    system.addEventListener('change', (event) => {
      this.#systemDark = event.matches;
      this.#apply();
    });
    this.#apply();
  }

  /** What the person chose; `system` until they do. */
  get choice(): ThemeChoice {
    return this.#choice;
  }

  /** What is on the screen. */
  get shown(): 'light' | 'dark' {
    if (this.#choice !== 'system') return this.#choice;
    return this.#systemDark ? 'dark' : 'light';
  }

  choose(choice: ThemeChoice): void {
    this.#choice = choice;
    writePref('theme', choice);
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset['theme'] = this.shown;
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', browserBar[this.shown]);
  }
}

export const theme = new Theme();
