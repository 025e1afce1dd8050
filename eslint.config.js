import { defineConfig } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import svelteParser from 'svelte-eslint-parser';
import ts from 'typescript-eslint';
import { nadi } from './scripts/support/lintRules.js';

const noOnly = ['it', 'test', 'describe'].map((name) => ({
  selector: `MemberExpression[object.name='${name}'][property.name='only']`,
  message: 'A committed .only hides every other test.',
}));

/** ARCHITECTURE, principle 3: one door out. */
const oneDoorOut = [
  {
    selector: "CallExpression[callee.property.name='emit']",
    message: 'Only server/hub/publish emits.',
  },
  {
    selector: "CallExpression[callee.object.name='io'][callee.property.name=/^(to|in|except|volatile|local)$/]",
    message: 'Only server/hub/publish picks recipients.',
  },
];

export default defineConfig(
  { ignores: ['dist/', 'data/', 'clinic/', 'coverage/', 'node_modules/', '**/fixtures/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      'no-async-promise-executor': 'error',
      'no-case-declarations': 'error',
      'no-compare-neg-zero': 'error',
      'no-cond-assign': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-control-regex': 'error',
      'no-debugger': 'error',
      'no-dupe-else-if': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-misleading-character-class': 'error',
      'no-prototype-builtins': 'error',
      'no-self-assign': 'error',
      'no-sparse-arrays': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'require-yield': 'error',
      'use-isnan': 'error',
      'valid-typeof': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: {
      globals: globals.node,
      parserOptions: { project: './tsconfig.lint.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/require-await': 'off', // an async signature is often the contract, not a need
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  ...svelte.configs.recommended,
  {
    // Types inside components are svelte-check's work; here only what needs no type checker.
    files: ['**/*.svelte'],
    extends: [ts.configs.recommended],
    languageOptions: { globals: globals.browser, parser: svelteParser, parserOptions: { parser: ts.parser } },
    rules: {
      'prefer-const': 'off', // props are declared with let
      'svelte/no-unused-svelte-ignore': 'off', // takes the reason in such a comment for codes; svelte-check knows better
      '@typescript-eslint/no-unused-expressions': 'off', // an effect names what it depends on
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.svelte.ts'],
    languageOptions: { parser: ts.parser },
  },
  {
    files: ['**/*.{ts,js,mjs,svelte}'],
    plugins: { nadi },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', 400],
      'nadi/boundaries': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...noOnly],
    },
  },
  {
    files: ['server/**/*.ts'],
    ignores: ['server/hub/publish*', 'server/hub/publish/**', '**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...noOnly, ...oneDoorOut] },
  },
  {
    files: ['tests/**/*.ts', '**/*.test.ts'],
    rules: {
      '@typescript-eslint/consistent-type-assertions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off', // expect.any() and friends are typed any
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: globals.node },
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
  {
    // Plain scripts that run before any bundle, on whatever browser there is.
    files: ['client/public/**/*.js'],
    languageOptions: { globals: globals.browser, sourceType: 'script' },
    rules: { 'no-var': 'off' },
  },
  {
    // sv-router's and bits-ui's functions are handed around without their object, as they are meant to be.
    files: ['client/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off', 'svelte/prefer-svelte-reactivity': 'off' },
  },
  {
    files: ['scripts/**', 'tests/bench/**', '*/main.ts', '**/*.svelte', 'client/**/*.svelte.ts'],
    rules: { 'no-console': ['error', { allow: ['error', 'warn'] }] },
  },
  {
    files: ['scripts/**', 'tests/bench/**'],
    rules: { 'no-console': 'off' },
  },
);
