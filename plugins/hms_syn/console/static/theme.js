// Airflow's theme, before the first pixel and whenever it changes. No module: that would run after the first paint.
(() => {
  'use strict';
  const TOKENS = [
    'bg',
    'bg-subtle',
    'bg-muted',
    'bg-emphasized',
    'border',
    'border-emphasized',
    'fg',
    'fg-muted',
    'fg-info',
    'brand-solid',
    'success-solid',
    'failed-solid',
    'queued-solid',
    'up_for_retry-solid',
    'scheduled-solid',
    'deferred-solid',
  ];
  const own = document.documentElement;
  const dark = globalThis.matchMedia('(prefers-color-scheme: dark)');

  /** Airflow's page around ours; null where this page was opened by itself or Airflow is not the frame's owner. */
  const host = () => {
    try {
      return globalThis.parent === globalThis ? null : globalThis.parent.document.documentElement;
    } catch {
      return null;
    }
  };

  const follow = () => {
    const root = host();
    own.dataset.theme = (root ? root.classList.contains('dark') : dark.matches) ? 'dark' : 'light';
    const given = root && getComputedStyle(root);
    for (const token of TOKENS) {
      const value = given && given.getPropertyValue(`--chakra-colors-${token}`).trim();
      if (value) own.style.setProperty(`--${token}`, value);
      else own.style.removeProperty(`--${token}`);
    }
  };

  follow();
  dark.addEventListener('change', follow);
  const root = host();
  if (root) new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ['class', 'style'] });
})();
