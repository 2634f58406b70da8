/** One message: where it stands at each job, every hop it made, and what may be done with it. */

import { actOn } from './acts.js';
import { get } from './api.js';
import { h, link, show } from './dom.js';
import { live } from './live.js';
import { payloadPart } from './payload.js';
import { loading, notice, query, shell, told } from './shell.js';
import { timeline } from './timeline.js';
import { at, pill } from './words.js';

const ACTS = {
  in_doubt: { resolve: 'Resolve', discard: 'Discard' },
  dead_letter: { replay: 'Replay', discard: 'Discard' },
  pending: { discard: 'Discard' },
};

const KEPT = 'It is kept. A job that takes its topic can be given it: hms-syn replay --topic.';

const id = query('id');
const main = shell('messages');
const head = h('div', null, loading('the message'));
const payload = payloadPart(id, () => now());
const hops = h('section', { 'aria-labelledby': 'hops-title' });
main.append(head, payload.element, hops);

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
      : notice('No job takes it', message.erased_at ? 'Its record is kept.' : KEPT),
  );
  payload.draw(message);
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
      row.ordering_key && row.ordering_key !== message.ordering_key && fact('Ordering key', row.ordering_key),
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

const toAll = () => h('p', null, link('messages', {}, 'All messages'));

function heard(state) {
  if (state.error && !hops.firstChild) show(head, notice('The message cannot be shown', state.error.message, toAll()));
  told(state);
}

const now = id ? live(async () => draw(await get(`messages/${encodeURIComponent(id)}`)), heard) : null;
if (!id) show(head, notice('Which message?', 'Open this page from a list of messages.', toAll()));
