import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const node = (
  name: string,
  include: string[],
  test: TestProjectInlineConfiguration['test'] = {},
): TestProjectInlineConfiguration => ({
  extends: true,
  test: { name, include, environment: 'node', ...test },
});

export default defineConfig({
  cacheDir: 'node_modules/.cache/vitest',
  test: {
    // Two cores are what the smallest machine offers; more workers only make deadlines miss.
    maxWorkers: 2,
    pool: 'forks',
    allowOnly: !process.env['CI'],
    restoreMocks: true,
    projects: [
      node('unit', ['{shared,server,sfu,scripts,tests/support}/**/*.test.ts'], { testTimeout: 15_000 }),
      {
        extends: true,
        plugins: [svelte(), svelteTesting()],
        test: { name: 'client', include: ['client/**/*.test.ts'], environment: 'happy-dom', testTimeout: 15_000 },
      },
      node('contract', ['tests/contract/**/*.test.ts'], {
        testTimeout: 30_000,
        hookTimeout: 120_000,
      }),
      node('integration', ['tests/integration/**/*.test.ts'], { testTimeout: 60_000, hookTimeout: 180_000 }),
      node('media', ['tests/media/**/*.test.ts'], {
        testTimeout: 90_000,
        hookTimeout: 300_000,
        fileParallelism: false,
      }),
      node('chaos', ['tests/chaos/**/*.test.ts'], {
        testTimeout: 600_000,
        hookTimeout: 300_000,
        fileParallelism: false,
      }),
      node('e2e', ['tests/e2e/**/*.test.ts'], { testTimeout: 180_000, hookTimeout: 300_000, fileParallelism: false }),
    ],
  },
});
