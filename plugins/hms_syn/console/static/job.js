/** One job: its figures, why nothing moves, and its newest messages. Also the tab on the job's DAG in Airflow. */

import { get } from './api.js';
import { h, link, show } from './dom.js';
import { aside, noFile, standstill, switchOf, troubles } from './job_row.js';
import { live } from './live.js';
import { messageTable } from './message_table.js';
import { loading, notice, query, shell, told } from './shell.js';
import { sparkline } from './sparkline.js';
import { badge } from './vendors.js';
import { age, ago, figure } from './words.js';

const NEWEST = 20;
const DAG = /^syn\.(.+)\.(?:push|pull)$/;

const job = query('job') || (DAG.exec(query('dag_id'))?.[1] ?? '');
const main = shell('index');
const card = h('div', null, loading('the job'));
const table = h('table', { class: 'messages' });
const list = h('div', { class: 'list' });
const toBoard = () => h('p', null, link('index', {}, 'The board'));
main.append(card);

/** The card: the job's row of the board, with room. */
function drawn(row) {
  const isOffline = row.vendor?.state === 'offline';
  const waitsFor = (row.oldest_s ?? null) !== null && h('small', null, `oldest ${age(Math.round(row.oldest_s))}`);
  const facts = [
    fact('Vendor', badge(row.vendor)),
    fact('Waiting', figure(row.waiting), waitsFor),
    fact('In doubt', aside(row.in_doubt, 'warn', row.job)),
    fact('Set aside', aside(row.dead_letters, 'bad', row.job)),
    fact('Delivered', figure(row.delivered), h('small', null, 'last ', ago(row.last_ack_at))),
    fact('Delivered, 2 h', sparkline(row.throughput)),
  ];
  const toFile = h('a', { class: 'button', href: `jobs.html?${new URLSearchParams({ job })}` }, 'File');
  const toPlan = h('a', { class: 'button', href: `plan.html?${new URLSearchParams({ job })}` }, 'Plan');
  const title = h('div', null, h('h1', null, row.name || row.job), h('code', { class: 'soft' }, row.endpoint));
  return h(
    'section',
    { class: `card job${isOffline ? ' offline' : ''}`, 'aria-label': row.job },
    h('div', { class: 'headline' }, title, h('div', { class: 'buttons' }, toPlan, toFile, switchOf(row, now))),
    h('dl', { class: 'figures' }, facts),
    h('p', { class: 'why' }, noFile(row), troubles(row), standstill(row)),
  );
}

const fact = (name, ...value) => h('div', null, h('dt', null, name), h('dd', null, ...value));

function drawMessages(messages) {
  if (!messages.length)
    return show(list, notice('No message yet', 'Nothing was published on its topics since it is here.'));
  show(table, messageTable(messages, 'Newest messages', { hideJob: true }));
  if (table.isConnected) return;
  const all = h('p', { class: 'foot' }, link('messages', { job }, 'All messages of this job'));
  list.replaceChildren(h('div', { class: 'scroll' }, table), all);
}

async function look() {
  const path = `jobs/${encodeURIComponent(job)}`;
  const [row, { messages }] = await Promise.all([get(path), get('messages', { job, limit: NEWEST })]);
  document.title = `${row.name || row.job} · Synchronizer`;
  show(card, drawn(row));
  drawMessages(messages);
  if (!list.isConnected) {
    main.append(h('section', { 'aria-labelledby': 'newest' }, h('h2', { id: 'newest' }, 'Newest messages'), list));
  }
}

function heard(state) {
  if (state.error && !list.isConnected) show(card, notice('The job cannot be shown', state.error.message, toBoard()));
  told(state);
}

const now = job ? live(look, heard) : null;
if (!job) {
  const sentence = 'Only DAGs named syn.<job>.push and syn.<job>.pull carry a queue.';
  show(card, notice('This is no job of the Synchronizer', sentence, toBoard()));
}
