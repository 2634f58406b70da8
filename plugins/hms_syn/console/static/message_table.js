/** Messages in a table, with boxes to choose some of them where there is something that one may do. */

import { h, link } from './dom.js';
import { ago, pill } from './words.js';

const COLUMNS = ['Message', 'Job', 'State', 'Tries', "Vendor's receipt", 'When'];

/** What tells two rows apart: a message stands once at each of its jobs. */
export const keyOf = (row) => `${row.job ?? ''} ${row.message_id}`;

/** The table's content; `chosen` is a set of message ids, changed by the boxes, after which `changed` is called. */
export function messageTable(rows, caption, { chosen, changed, hideJob } = {}) {
  const editable = chosen ? rows.filter((row) => row.may_edit).map((row) => row.message_id) : [];
  const choose = (ids, wanted) => {
    for (const id of ids) chosen[wanted ? 'add' : 'delete'](id);
    changed();
  };
  const boxOf = (label, ids) => {
    const all = ids.length > 0 && ids.every((id) => chosen.has(id));
    return box(label, all, (wanted) => choose(ids, wanted));
  };
  const titles = COLUMNS.filter((title) => !(hideJob && title === 'Job'));
  const head = titles.map((title) => h('th', { scope: 'col', class: title === 'Tries' && 'number' }, title));
  if (editable.length) head.unshift(h('th', { scope: 'col', class: 'box' }, boxOf('Choose all shown', editable)));
  const body = rows.map((row) => {
    const first = chosen && row.may_edit && boxOf(`Choose ${row.message_id}`, [row.message_id]);
    return h(
      'tr',
      { 'data-key': keyOf(row) },
      editable.length > 0 && h('td', { class: 'box' }, first),
      cells(row, hideJob),
    );
  });
  return [h('caption', { class: 'unseen' }, caption), h('thead', null, h('tr', null, head)), h('tbody', null, body)];
}

const nothing = (word) => h('span', { class: 'soft' }, word);

const cells = (row, hideJob) => [
  h('th', { scope: 'row' }, link('message', { id: row.message_id }, row.ordering_key || row.topic), idOf(row)),
  !hideJob && h('td', null, row.job ? link('job', { job: row.job }, row.job) : nothing('none')),
  h('td', null, pill(row.state), row.code && h('small', null, row.code)),
  h('td', { class: 'number' }, row.attempts),
  h('td', null, row.reference ? h('code', null, row.reference) : nothing('–')),
  h('td', { class: 'age' }, ago(row.at)),
];

const idOf = (row) => h('code', { class: 'soft' }, row.message_id);

const box = (label, checked, changed) =>
  h('input', { type: 'checkbox', 'aria-label': label, checked, onchange: ({ target }) => changed(target.checked) });
