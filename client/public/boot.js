// Runs before the first paint: the remembered theme and language, so that nothing flashes. Kept in step with
// src/ui/theme.svelte.ts and src/i18n/index.svelte.ts, which own these two settings afterwards.
// The page's policy forbids compiling text to code. zod would try (and be reported) when it makes its first schema; this setting, which
// it reads from here, tells it not to. It must stand before any of its schemas are made.
globalThis.__zod_globalConfig = { jitless: true };

(function () {
  var read = function (name) {
    try {
      return JSON.parse(localStorage.getItem('nadi.' + name));
    } catch {
      return null;
    }
  };
  var root = document.documentElement;
  var theme = read('theme');
  if (theme !== 'light' && theme !== 'dark') {
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  root.dataset.theme = theme;
  var locale = read('locale') || (navigator.language || 'en').slice(0, 2);
  if (/^[a-z]{2}$/.test(locale)) root.lang = locale;
})();
