/** One message: where it stands at each job, every hop it made, and what may be done with it. */

import { actOn } from './acts.js';
import { get } from './api.js';
import { h, link, show } from './dom.js';
import { live } from './live.js';
import { loading, notice, query, shell, told } from './shell.js';
import { timeline } from './timeline.js';
import { at, count, pill } from './words.js';

const ACTS = {
  in_doubt: { resolve: 'Resolve', discard: 'Discard' },
  dead_letter: { replay: 'Replay', discard: 'Discard' },
  pending: { discard: 'Discard' },
};

const id = query('id');
const main = shell('messages');
const head = h('div', null, loading('the message'));
const payload = h('section', { class: 'payload', 'aria-labelledby': 'payload-title' });
const hops = h('section', { 'aria-labelledby': 'hops-title' });
main.append(head, payload, hops);

function draw(message) {
  document.title = `${message.topic} · Synchronizer`;
  show(
    head,
    h('h1', null, message.topic),
    h(
      'dl',
      { class: 'facts' },
      fact('Message', h('code', null, message.message_id)),
      fact('Published', [at(message.published_at), ` by ${message.agency}`]),
      message.ordering_key && fact('Ordering key', message.ordering_key),
      fact('Trace', h('code', null, message.trace_id)),
    ),
    message.deliveries.length
      ? h(
          'div',
          { class: 'cards' },
          message.deliveries.map((row) => delivery(row, message)),
        )
      : notice('No job takes it', 'It is kept. A job that takes its topic can be given it: hms-syn replay --topic.'),
  );
  if (!payload.firstChild) drawPayload(message);
  show(hops, h('h2', { id: 'hops-title' }, 'Flight recorder'), timeline(message));
}

function delivery(row, message) {
  const verbs = row.may_edit ? (ACTS[row.state] ?? {}) : {};
  return h(
    'section',
    { class: 'card', 'data-key': row.job, 'aria-label': row.job },
    h('h2', null, link('job', { job: row.job }, row.job), ' ', pill(row.state)),
    h(
      'dl',
      { class: 'facts' },
      fact('Attempts', row.attempts),
      row.reference && fact('Receipt', h('code', null, row.reference)),
      row.status && fact('Status', row.status),
      row.code && fact('Code', h('code', null, row.code)),
      fact('Key at the vendor', h('code', null, row.idempotency_key)),
    ),
    h(
      'div',
      { class: 'buttons' },
      Object.entries(verbs).map(([verb, word]) =>
        h(
          'button',
          { type: 'button', onclick: async () => (await actOn(verb, [message.message_id])) && now() },
          `${word} …`,
        ),
      ),
    ),
  );
}

const fact = (name, ...value) => h('div', null, h('dt', null, name), h('dd', null, ...value));

/** The payload is personal data: it is fetched when somebody asks, and that is on the record. */
function drawPayload(message) {
  if (!message.may_see_payload) return;
  const place = h('div', { 'aria-live': 'polite' });
  const button = h('button', { type: 'button', 'aria-expanded': 'false', onclick: toggle }, 'Show the payload');
  async function toggle() {
    const open = button.getAttribute('aria-expanded') === 'true';
    button.setAttribute('aria-expanded', String(!open));
    button.textContent = open ? 'Show the payload' : 'Hide the payload';
    show(place, open ? null : await fetched());
  }
  show(payload, h('h2', { id: 'payload-title', class: 'unseen' }, 'Payload'));
  payload.append(
    h('p', null, button, h('span', { class: 'soft' }, ' Personal data. Each look is on the record.')),
    place,
  );
}

async function fetched() {
  try {
    const { payload: content } = await get(`messages/${encodeURIComponent(id)}/payload`);
    const words = JSON.stringify(content, null, 2);
    return h(
      'pre',
      { tabindex: '0', 'aria-label': `Payload, ${count(words.split('\n').length, 'line')}` },
      h('code', null, words),
    );
  } catch (error) {
    return h('p', { class: 'trouble' }, error.message);
  }
}

const now = live(
  async () => draw(await get(`messages/${encodeURIComponent(id)}`)),
  (state) => {
    if (state.error && !hops.firstChild) {
      show(
        head,
        notice('The message cannot be shown', state.error.message, h('p', null, link('messages', {}, 'All messages'))),
      );
    }
    told(state);
  },
);
