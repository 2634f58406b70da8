/** The audit trail: looking through it, proving it, taking it away. */

import { address, get } from './api.js';
import { auditTable } from './audit_table.js';
import { h, show } from './dom.js';
import { JOB, filters } from './filters.js';
import { live } from './live.js';
import { proof } from './proof.js';
import { keepQuery, loading, notice, query, shell, told } from './shell.js';
import { at, spaced } from './words.js';

const LIMIT = 100;
// prettier-ignore
const EVENTS = [
  'published', 'queued', 'attempt', 'acked', 'refused', 'unknown', 'not_sent', 'stale', 'delivered', 'in_doubt',
  'dead_letter', 'discarded', 'replayed', 'resolved', 'pulled', 'viewed', 'paused', 'resumed', 'retired', 'offline',
  'online', 'erased', 'sealed',
];
const FIELDS = {
  message_id: { label: 'Message', hint: 'its id', wide: true },
  job: JOB,
  event: { label: 'Event', choices: { '': 'any event', ...named(EVENTS) } },
};
const MEANING = 'Every hand-off and every act, chained by SHA-256. Anyone can check an export without our code.';

const main = shell('audit');
let wanted = { message_id: query('message_id'), job: query('job'), event: query('event') };
let rows = [];
let next = null;

const { place: verdict, button: verify } = proof();
const table = h('table', { class: 'audit' });
const foot = h('p', { class: 'foot' });
const list = h('div', { class: 'list' }, loading('the audit trail'));
const seal = h('p', { class: 'soft why', hidden: true });
const take = h('a', { class: 'button', href: address('audit/export').href, download: 'audit.ndjson' }, 'Export');
take.hidden = true;
verify.hidden = true;

main.append(
  h('div', { class: 'headline' }, h('h1', null, 'Audit trail'), h('div', { class: 'buttons' }, take, verify)),
  h('p', { class: 'soft' }, MEANING),
  seal,
  verdict,
  filters('Find in the audit trail', FIELDS, wanted, (values) => {
    wanted = values;
    keepQuery(wanted);
    rows = [];
    now();
  }),
  list,
);

get('audit/head').then(sealed, () => {}); // whoever may not see the whole trail does not see its head

function sealed({ size, at: since, root, may_verify: mayVerify }) {
  const told = [`${size} rows are sealed, last at `, at(since), '. Root ', h('code', null, root)];
  show(seal, since ? told : 'Nothing is sealed yet.');
  seal.hidden = false;
  take.hidden = false;
  verify.hidden = !mayVerify;
}

function named(events) {
  return Object.fromEntries(events.map((event) => [event, spaced(event)]));
}

function draw() {
  if (!rows.length && next === null) {
    return show(list, notice('Nothing on record', 'Nothing fits this search, or nothing has happened yet.'));
  }
  show(table, auditTable(rows));
  if (!table.isConnected) list.replaceChildren(h('div', { class: 'scroll' }, table), foot);
  show(
    foot,
    h('span', { class: 'soft' }, `${rows.length} shown`, next === null && ', all there are', ' '),
    next !== null && h('button', { type: 'button', onclick: more }, 'Older rows'),
  );
}

const page = (after) => get('audit', { ...wanted, after, limit: LIMIT });

async function more() {
  try {
    const answer = await page(next);
    rows = [...rows, ...answer.rows];
    next = answer.next;
    draw();
  } catch (error) {
    told({ error, next: null });
  }
}

/** Put what is new before what is shown; begin anew where more has happened than one page holds. */
function join(answer) {
  const newest = rows[0]?.seq ?? Infinity;
  const fresh = answer.rows.filter((row) => row.seq > newest);
  if (!rows.length || fresh.length === LIMIT) [rows, next] = [answer.rows, answer.next];
  else rows = [...fresh, ...rows];
}

const now = live(
  async () => {
    const asked = wanted;
    const answer = await page(null);
    if (asked !== wanted) return; // another search was begun meanwhile
    join(answer);
    draw();
  },
  (state) => {
    if (state.error && !table.isConnected) show(list, notice('The audit trail cannot be shown', state.error.message));
    told(state);
  },
);
