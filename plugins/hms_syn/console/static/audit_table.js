/** Rows of the audit trail in a table: number, moment, event, who, about what, and the facts that people read. */

import { h, link } from './dom.js';
import { age, at, pill, spaced } from './words.js';

const TITLES = ['No.', 'When', 'Event', 'By', 'About', 'Facts'];
const SECONDS = /_s$/;
const DIGEST = /^[0-9a-f]{64}$/; // for machines; it stands in the export

/** The table's content. */
export function auditTable(rows) {
  const head = TITLES.map((title) => h('th', { scope: 'col', class: title === 'No.' && 'number' }, title));
  return [
    h('caption', { class: 'unseen' }, 'Audit rows'),
    h('thead', null, h('tr', null, head)),
    h('tbody', null, rows.map(drawn)),
  ];
}

const drawn = (row) =>
  h(
    'tr',
    { 'data-key': row.seq },
    h('td', { class: 'number' }, row.seq),
    h('td', { class: 'age' }, at(row.at)),
    h('td', null, pill(row.event)),
    h('td', null, row.actor),
    h('td', null, row.job && link('job', { job: row.job }, row.job), row.message_id && toMessage(row.message_id)),
    h('td', { class: 'facts' }, factsOf(row)),
  );

const toMessage = (id) => link('message', { id }, h('code', null, id));

const factsOf = (row) =>
  Object.entries({ ...(row.attempt && { attempt: row.attempt }), ...row.detail })
    .filter(([, value]) => !DIGEST.test(value))
    .map(([name, value]) => (SECONDS.test(name) ? [name.replace(SECONDS, ''), age(value)] : [name, value]))
    .map(([name, value]) => h('span', null, h('span', { class: 'soft' }, `${spaced(name)} `), words(value)));

const words = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
