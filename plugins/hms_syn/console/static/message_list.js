/** A live, long list of messages: used by the pages that differ only in which messages they ask for. */

import { get } from './api.js';
import { Chunks } from './chunks.js';
import { h, show } from './dom.js';
import { keyOf, messageTable } from './message_table.js';
import { loading } from './shell.js';

const LIMIT = 50;

/**
 * `wanted()` gives the words asked for (job, state, q), `empty()` what stands there when there are none, and `options`
 * go to the table. Returns the element, `refresh` for `live`, `clear` for another search.
 */
export function messageList({ caption, wanted, empty, told, options = {} }) {
  const table = h('table', { class: 'messages' });
  const foot = h('p', { class: 'foot' });
  const element = h('div', { class: 'list' }, loading('the messages'));
  const chunks = new Chunks(
    async (after) => {
      const { messages: rows, next } = await get('messages', { ...wanted(), after, limit: LIMIT });
      return { rows, next };
    },
    keyOf,
    () => table,
  );

  function draw() {
    const { rows } = chunks;
    if (!rows.length) return show(element, empty());
    show(table, messageTable(rows, caption, options));
    if (!table.isConnected) element.replaceChildren(h('div', { class: 'scroll' }, table), foot);
    show(
      foot,
      h('span', { class: 'soft' }, `${rows.length} shown`, chunks.next === null && ', all there are', ' '),
      chunks.next !== null && h('button', { type: 'button', onclick: more }, 'More messages'),
    );
  }

  async function more() {
    try {
      await chunks.more();
      draw();
    } catch (error) {
      told({ error, next: null });
    }
  }

  return {
    element,
    draw,
    rows: () => chunks.rows,
    clear: () => chunks.clear(),
    async refresh() {
      await chunks.refresh();
      draw();
    },
    failed(error) {
      if (!chunks.rows.length) show(element, h('p', { class: 'trouble' }, error.message));
    },
  };
}
