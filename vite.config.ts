import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

const hub = process.env['NADI_DEV_HUB'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: fileURLToPath(new URL('./client', import.meta.url)),
  cacheDir: fileURLToPath(new URL('./node_modules/.cache/vite', import.meta.url)),
  plugins: [tailwindcss(), svelte()],
  build: {
    outDir: fileURLToPath(new URL('./dist/client', import.meta.url)),
    emptyOutDir: true,
    sourcemap: true,
    target: 'es2022',
  },
  server: {
    strictPort: true,
    proxy: {
      '/api': { target: hub },
      '/healthz': { target: hub },
      '/readyz': { target: hub },
      '/metrics': { target: hub },
      '/socket.io': { target: hub, ws: true },
    },
  },
});
