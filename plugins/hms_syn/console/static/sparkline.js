/** A row of bars: how much was delivered in each stretch of time. */

import { h } from './dom.js';
import { count } from './words.js';

const BAR = 4;
const HEIGHT = 24;

/** Draw these counts, oldest first; the label says in words what the bars say. */
export function sparkline(counts) {
  if (!counts?.length) return h('span', { class: 'soft' }, '–');
  const most = Math.max(1, ...counts);
  const all = counts.reduce((sum, each) => sum + each, 0);
  const bars = counts.map((each, n) => {
    const tall = each ? Math.max(2, Math.round((each / most) * HEIGHT)) : 1;
    return h('rect', { class: each ? 'some' : 'none', x: n * BAR, y: HEIGHT - tall, width: BAR - 1, height: tall });
  });
  const wide = counts.length * BAR - 1;
  return h(
    'svg',
    {
      class: 'sparkline',
      role: 'img',
      width: wide,
      height: HEIGHT,
      viewBox: `0 0 ${wide} ${HEIGHT}`,
      'aria-label': `${count(all, 'message')} delivered in the last two hours`,
    },
    bars,
  );
}
