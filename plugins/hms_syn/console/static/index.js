/** The board: how each job stands, and why nothing moves. */

import { get } from './api.js';
import { Chunks } from './chunks.js';
import { h, keep, show } from './dom.js';
import { filters } from './filters.js';
import { jobRow } from './job_row.js';
import { live } from './live.js';
import { keepQuery, loading, notice, query, say, shell, told } from './shell.js';
import { offlineBanner } from './vendors.js';

const LIMIT = 50;
const COLUMNS = [
  ['Job'],
  ['Vendor'],
  ['Waiting', 'number'],
  ['In doubt', 'number'],
  ['Set aside', 'number'],
  ['Last ack'],
  ['Delivered, 2 h', 'wide'],
  ['Pause', 'acts', false],
];

const main = shell('index');
const banner = h('div');
const table = h(
  'table',
  { class: 'board' },
  h('caption', { class: 'unseen' }, 'Jobs, with what waits and why nothing moves'),
  h('thead', null, h('tr', null, COLUMNS.map(column))),
);
const list = h('div', { class: 'list' }, loading('the jobs'));
let q = query('q');

const jobs = new Chunks(
  async (after) => {
    const { jobs: rows, next } = await get('jobs', { q, after, limit: LIMIT });
    return { rows, next };
  },
  (row) => row.job,
  () => table,
);

main.append(
  h('h1', { class: 'unseen' }, 'Board'),
  banner,
  filters('Find a job', { q: { label: 'Find a job', hint: 'id or name', wide: true } }, { q }, (values) => {
    q = values.q;
    keepQuery({ q });
    jobs.clear();
    now();
  }),
  list,
);

const states = new Map();

function column([title, kind, seen = true]) {
  return h('th', { scope: 'col', class: kind }, seen ? title : h('span', { class: 'unseen' }, title));
}

/** Tell those who do not see the badge turn red. */
function announce(rows) {
  for (const row of rows) {
    const state = row.vendor?.state;
    const before = states.get(row.job);
    states.set(row.job, state);
    if (before && before !== state) say(`${row.name}: the vendor is ${state}`);
  }
}

function draw() {
  const rows = jobs.rows;
  announce(rows);
  if (!rows.length) return show(list, nothing());
  keep(
    table,
    rows,
    (row) => row.job,
    (row) => jobRow(row, now),
  );
  if (!table.isConnected) list.replaceChildren(h('div', { class: 'scroll' }, table), foot);
  show(foot, more(rows.length));
}

const foot = h('p', { class: 'foot' });

const more = (shown) =>
  jobs.next === null
    ? h('span', { class: 'soft' }, `${shown} ${shown === 1 ? 'job' : 'jobs'}, all there are${q && ' for this search'}`)
    : [h('span', { class: 'soft' }, `${shown} shown `), h('button', { type: 'button', onclick: next }, 'More jobs')];

async function next() {
  try {
    await jobs.more();
    draw();
  } catch (error) {
    told({ error, next: null });
  }
}

const nothing = () =>
  q
    ? notice('No such job', `No job has “${q}” in its id or name. Try fewer letters.`)
    : notice(
        'No job yet',
        'Drop a job file into the jobs folder; it is on this board seconds later.',
        h('pre', null, h('code', null, 'hms-syn start jobs/court_calendar_sync.yaml')),
      );

const now = live(
  async () => {
    const [, vendors] = await Promise.all([jobs.refresh(), get('vendors')]);
    draw();
    show(banner, offlineBanner(vendors.vendors ?? []));
  },
  (state) => {
    if (state.error && !table.isConnected) show(list, notice('The board cannot be shown', state.error.message));
    told(state);
  },
);
