/** The job files: what is wrong with those that cannot be read, and each job's YAML as it runs. */

import { get } from './api.js';
import { Chunks } from './chunks.js';
import { h, link, show } from './dom.js';
import { filters } from './filters.js';
import { live } from './live.js';
import { keepQuery, loading, notice, query, shell, told } from './shell.js';
import { pill } from './words.js';

const LIMIT = 50;
const main = shell('jobs');
let wanted = { q: query('q') };
let job = query('job');

const broken = h('div');
const menu = h('ul', { class: 'menu' });
const foot = h('p', { class: 'foot' });
const file = h('section', { class: 'file', 'aria-live': 'polite', 'aria-label': 'Job file' }, loading('the file'));

const jobs = new Chunks(
  async (after) => {
    const { jobs: rows, next } = await get('jobs', { ...wanted, after, limit: LIMIT });
    return { rows, next };
  },
  (row) => row.job,
  () => menu,
);

main.append(
  h('h1', { class: 'unseen' }, 'Job files'),
  broken,
  h(
    'div',
    { class: 'panes' },
    h(
      'nav',
      { 'aria-label': 'Jobs' },
      filters('Find a job', { q: { label: 'Find a job', hint: 'id or name', wide: true } }, wanted, (values) => {
        wanted = values;
        keepQuery({ ...wanted, job });
        jobs.clear();
        now();
      }),
      menu,
      foot,
    ),
    file,
  ),
);

const KEPT =
  'Other jobs go on; so does a job whose file was sound before. Mend the file, and it is read again within seconds.';

/** Files that cannot be read, each problem with place and reason; their jobs go on as they were. */
function drawBroken(problems) {
  if (!problems.length) return show(broken);
  const files = new Set(problems.map((problem) => problem.file)).size;
  const lines = problems.map((problem) => h('li', null, h('code', null, place(problem)), ' ', saying(problem)));
  const facts = [h('span', { class: 'pill bad' }, `${files} broken`), h('ul', null, lines), h('p', null, KEPT)];
  show(broken, h('section', { class: 'alarm', 'aria-label': 'Broken files' }, facts));
}

const place = ({ file: name, line, column }) => [name, line, column].filter(Boolean).join(':');
const saying = ({ key, reason }) => (key ? `${key}: ${reason}` : reason);

function drawMenu() {
  const { rows } = jobs;
  job ||= rows[0]?.job ?? '';
  show(
    menu,
    rows.map((row) =>
      h(
        'li',
        { 'data-key': row.job },
        h(
          'a',
          {
            href: `jobs.html?${new URLSearchParams({ ...wanted, job: row.job })}`,
            'aria-current': row.job === job && 'true',
          },
          row.name || row.job,
          h('code', { class: 'soft' }, row.job),
        ),
      ),
    ),
  );
  show(
    foot,
    rows.length
      ? jobs.next !== null && h('button', { type: 'button', onclick: more }, 'More jobs')
      : h('span', { class: 'soft' }, wanted.q ? 'No job fits.' : 'No job yet.'),
  );
}

async function more() {
  await jobs.more().catch((error) => told({ error, next: null }));
  drawMenu();
}

function drawFile(answer) {
  const wrong = Map.groupBy(answer.problems ?? [], (problem) => problem.line);
  show(
    file,
    h('h2', null, answer.name || answer.job, ' ', wrong.size > 0 && pill('broken')),
    h(
      'p',
      { class: 'soft' },
      answer.file && [h('code', null, answer.file), ' as it runs · '],
      link('job', { job }, 'how it stands'),
    ),
    answer.yaml ? yaml(answer.yaml, wrong) : notice('There is no text to show', NO_TEXT),
  );
}

const NO_TEXT = 'The file is gone from the jobs folder, holds what looks like a secret, or your role may not read it.';

/** The lines with their numbers, and under each what is wrong with it. */
function yaml(text, wrong) {
  const lines = text.replace(/\n$/, '').split('\n');
  const items = lines.map((line, n) => {
    const problems = wrong.get(n + 1) ?? [];
    const said = problems.map((problem) => h('span', { class: 'trouble' }, saying(problem)));
    return h('li', { class: problems.length > 0 && 'wrong' }, h('code', null, line), said);
  });
  return h('pre', { class: 'yaml', tabindex: '0', 'aria-label': 'YAML' }, h('ol', null, items));
}

const now = live(
  async () => {
    const [{ files }] = await Promise.all([get('files'), jobs.refresh()]);
    drawBroken(files ?? []);
    drawMenu();
    if (job) drawFile(await get(`jobs/${encodeURIComponent(job)}`));
    else show(file, notice('No job yet', 'Drop a YAML file into the jobs folder; it is here seconds later.'));
  },
  (state) => {
    if (state.error && !file.querySelector('pre')) show(file, notice('The file cannot be shown', state.error.message));
    told(state);
  },
);
