/** One job on the board: its figures, and in a second line why nothing moves. */

import { pause, resume } from './acts.js';
import { h, link, whatToDo } from './dom.js';
import { sparkline } from './sparkline.js';
import { badge } from './vendors.js';
import { age, ago, at, figure, pill } from './words.js';

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const NAMES = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z)/;
const COLUMNS = 8;
const IDLE = 'nothing waits';
const TROUBLES = { queue_age: 'what waits is too old', silence: 'nothing has come for too long' };

/** A row group: `now` is called after an act, to see what it did. */
export function jobRow(row, now) {
  return h(
    'tbody',
    { 'data-key': row.job, class: row.vendor?.state === 'offline' && 'offline' },
    h(
      'tr',
      { class: 'figures' },
      h(
        'th',
        { scope: 'row' },
        link('job', { job: row.job }, row.name || row.job),
        h('code', { class: 'soft' }, row.job),
      ),
      h('td', null, badge(row.vendor)),
      h(
        'td',
        { class: 'number' },
        figure(row.waiting),
        row.oldest_s !== null && h('small', null, age(Math.round(row.oldest_s))),
      ),
      h('td', { class: 'number' }, aside(row.in_doubt, 'warn', row.job)),
      h('td', { class: 'number' }, aside(row.dead_letters, 'bad', row.job)),
      h('td', { class: 'age' }, ago(row.last_ack_at)),
      h('td', { class: 'wide' }, sparkline(row.throughput)),
      h('td', { class: 'acts' }, switchOf(row, now)),
    ),
    (row.why !== IDLE || troubles(row).length > 0) &&
      h(
        'tr',
        { class: 'why' },
        h('td', { colspan: COLUMNS }, h('div', { class: 'said' }, noFile(row), troubles(row), standstill(row))),
      ),
  );
}

/** The word for a job whose file is gone; its sentence says what that means. */
export const noFile = ({ has_file: hasFile }) => hasFile === false && [pill('no file', 'warn'), ' '];

/** The button that pauses or resumes a job; nothing for those who may not. */
export function switchOf(row, now) {
  if (!row.may_edit) return '';
  const act = row.paused ? resume : pause;
  return h(
    'button',
    {
      type: 'button',
      onclick: async () => (await act(row)) && now(),
      'aria-label': `${row.paused ? 'Resume' : 'Pause'} ${row.name || row.job}`,
    },
    row.paused ? 'Resume' : 'Pause',
  );
}

/** Who paused it, why and until when. */
export function pausedBy(row) {
  const until = row.paused_until && [', until ', at(row.paused_until)];
  return h(
    'span',
    { class: 'paused' },
    pill('paused'),
    ' ',
    row.paused_by && `by ${row.paused_by} `,
    row.paused_at && ago(row.paused_at),
    until,
    row.paused_reason && `: “${row.paused_reason}” `,
  );
}

/** Why nothing moves, and where it says what to do about that. */
export const standstill = (row) =>
  row.why !== IDLE && [row.paused && pausedBy(row), why(row.why), ' ', whatToDo(`nothing-moves-${row.cause}`)];

/** The alerts that are on and that no figure of the row shows. */
export const troubles = ({ incidents = [] }) =>
  incidents
    .filter(({ kind }) => kind in TROUBLES)
    .map(({ kind, since }) =>
      h(
        'span',
        { class: 'trouble' },
        pill(TROUBLES[kind], 'warn'),
        ' since ',
        at(since),
        ' ',
        whatToDo(`alert-${kind}`),
        ' ',
      ),
    );

/** The sentence of the API, with the message it speaks of as a link and its moments as people read them. */
export function why(sentence) {
  if (!sentence || sentence.startsWith('paused')) return ''; // pausedBy says it with who and until when
  const parts = sentence.split(NAMES).map((part) => {
    if (ID.test(part)) return link('message', { id: part }, h('code', null, part));
    return MOMENT.test(part) ? at(part) : part;
  });
  return h('span', null, parts);
}

/** How many an officer must decide on, with the way there. */
export const aside = (number, tone, job) =>
  number
    ? link('set-aside', { job }, h('span', { class: `pill ${tone}` }, figure(number)))
    : h('span', { class: 'soft' }, '0');
