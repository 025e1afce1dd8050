import type { ESLint } from 'eslint';

export const nadi: ESLint.Plugin;
