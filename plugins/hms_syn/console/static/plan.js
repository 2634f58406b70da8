/** What an edit would change: a job's file as it is now beside the job as it runs. Nothing is sent from here. */

import { get } from './api.js';
import { h, link, show } from './dom.js';
import { live } from './live.js';
import { loading, notice, query, shell, told } from './shell.js';
import { count, pill } from './words.js';

const NEXT = 3;
const STATES = {
  same: ['Nothing would change', 'The file and the running job are the same.'],
  changed: ['This would change', 'Airflow takes the file in when it parses it, seconds from now; then this is empty.'],
  broken: ['The file is broken', 'The job goes on as it last was. Mend the file, and it is read again within seconds.'],
  no_file: [
    'The file is gone',
    'Airflow sends nothing of this job, and it goes on accepting. Put the file back, or retire the job.',
  ],
  unseen: [
    'There is nothing to compare with',
    'Airflow keeps no text of this job as it runs: it is not parsed yet, or comes from the plain DAG file.',
  ],
};
// prettier-ignore
const VERDICTS = {
  same: ['the same', 'good'], differs: ['would differ', 'warn'], refused: ['would be refused', 'bad'],
  accepted: ['could be sent, which it cannot now', 'good'], taken: ['would be taken', 'plain'],
  left: ['would not be sent any more', 'bad'], unknown: ['cannot be shown', 'warn'],
};

const job = query('job');
const main = shell('jobs');
const head = h('div', null, loading('the comparison'));
const facts = h('div', null);
const bytes = h('section', { class: 'payload', 'aria-labelledby': 'bytes-title' });
main.append(head, facts, bytes);

function draw(plan) {
  const [title, sentence] = STATES[plan.state];
  const links = [link('job', { job }, 'How it stands'), ' · ', link('jobs', { job }, 'The file')];
  const file = plan.file && h('p', null, h('code', null, plan.file));
  show(head, h('h1', null, job), notice(title, sentence, file, h('p', null, links)));
  show(
    facts,
    plan.problems.length > 0 && section('Problems', plan.problems.map(problem)),
    plan.fields.length > 0 && section('Keys', plan.fields.map(field)),
    plan.dags.length > 0 && section('DAGs', plan.dags.map(dag)),
  );
  if (!bytes.firstChild && plan.state !== 'no_file') drawBytes(plan);
}

const toBoard = () => h('p', null, link('index', {}, 'The board'));

const section = (title, items) =>
  h('section', { 'aria-label': title }, h('h2', null, title), h('ul', { class: 'changes' }, items));

const problem = ({ file, line, column, key, reason }) =>
  h('li', null, h('code', null, [file, line, column].join(':')), ' ', key ? `${key}: ${reason}` : reason);

function field({ key, old, new: now, means }) {
  const words = [
    old !== null && h('del', null, wordsOf(old)),
    old !== null && now !== null && ' → ',
    now !== null && h('ins', null, wordsOf(now)),
  ];
  return h('li', null, h('code', null, key), ' ', words, means && h('p', { class: 'soft' }, means));
}

const wordsOf = (value) => JSON.stringify(value);

function dag({ dag_id: id, old, new: now }) {
  const name = h('code', null, id);
  if (!old) return h('li', null, name, ' ', pill('would be new', 'good'));
  if (!now) return h('li', null, name, ' ', pill('would be gone', 'bad'));
  const differ = Object.keys(now).filter((key) => wordsOf(old[key]) !== wordsOf(now[key]));
  const changes = differ.map((key) => field({ key, old: old[key], new: now[key] }));
  return h('li', null, name, h('ul', { class: 'changes' }, changes));
}

/** What waits is personal data: it is fetched when somebody asks, and each look is on the record. */
function drawBytes(plan) {
  if (!plan.may_see_payload) return;
  const place = h('div', { 'aria-live': 'polite' });
  const look = h('button', { type: 'button', onclick: fetched }, 'Show what the vendor would get next');
  async function fetched() {
    look.disabled = true;
    show(place, await rows());
    look.disabled = false;
  }
  show(bytes, h('h2', { id: 'bytes-title' }, 'Next messages'));
  const record = ' Nothing is sent. Personal data: each look is on the record.';
  bytes.append(h('p', null, look, h('span', { class: 'soft' }, record)), place);
}

async function rows() {
  try {
    const { messages } = await get(`jobs/${encodeURIComponent(job)}/plan/messages`, { limit: NEXT });
    return messages.length ? messages.map(message) : h('p', { class: 'soft' }, 'No message waits.');
  } catch (error) {
    return h('p', { class: 'trouble' }, error.message);
  }
}

function message(row) {
  const [words, tone] = VERDICTS[row.verdict];
  const label = `${row.message_id}, ${count(row.lines.length, 'line')}`;
  const text = h('pre', { tabindex: '0', 'aria-label': label }, h('code', null, row.lines.join('\n')));
  const sentence = `It was accepted for ${row.elsewhere}, and would wait for an officer.`;
  return h(
    'section',
    { 'aria-label': row.message_id },
    h('h3', null, link('message', { id: row.message_id }, row.message_id), ' ', pill(words, tone)),
    row.elsewhere && h('p', { class: 'trouble' }, sentence),
    row.lines.length > 0 && text,
  );
}

function heard(state) {
  if (state.error && head.querySelector('[aria-busy]')) {
    show(head, notice('This cannot be shown', state.error.message, toBoard()));
  }
  told(state);
}

if (job) live(async () => draw(await get(`jobs/${encodeURIComponent(job)}/plan`)), heard);
else show(head, notice('Which job?', 'Open this page from a job.', toBoard()));
