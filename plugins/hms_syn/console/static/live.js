/** Looking again and again: while somebody watches, gently when nobody answers, never twice at a time. */

const EVERY = 3000;
const SLOWEST = 30_000;

/**
 * Call `look` now and every few seconds. `told` hears `{ ok: true }` after each look, or `{ error, next }` with the
 * seconds until the next try. Returns a function that looks at once, as after an act.
 */
export function live(look, told) {
  let timer = 0;
  let failures = 0;
  let running = null;

  async function turn() {
    clearTimeout(timer);
    try {
      await look();
      failures = 0;
      told({ ok: true });
    } catch (error) {
      failures += 1;
      if (error.status === undefined) console.error(error); // no answer of the API: a fault of these pages
      const final = error.status === 401 || error.status === 403 || error.status === 404;
      told({ error, next: final ? null : wait() / 1000 });
      if (final) return;
    }
    if (!document.hidden) timer = setTimeout(start, wait());
  }

  const wait = () => (failures ? Math.min(SLOWEST, EVERY * 2 ** failures) : EVERY);
  const start = () => (running ??= turn().finally(() => (running = null)));

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else start();
  });
  start();
  return () => (running ?? Promise.resolve()).then(start);
}
