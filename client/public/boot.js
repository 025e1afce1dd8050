// Runs before the first paint: the remembered theme and language, so that nothing flashes. Kept in step with
// src/ui/theme.svelte.ts and src/i18n/index.svelte.ts, which own these two settings afterwards.
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
