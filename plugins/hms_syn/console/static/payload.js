/** The payload of a message, which is personal data: looking into it, destroying it, and what is said once it is gone. */

import { actOn } from './acts.js';
import { get } from './api.js';
import { h, show } from './dom.js';
import { at, count } from './words.js';

const CLOSED = new Set(['delivered', 'discarded']);
const LATER = 'It can be erased once it is delivered or discarded at each of its jobs.';

/** The part of a message's page about its payload; `now` is called after an act, to see what it did. */
export function payloadPart(id, now) {
  const place = h('div', { 'aria-live': 'polite' });
  const look = h('button', { type: 'button', 'aria-expanded': 'false', onclick: toggle }, 'Show the payload');
  const element = h('section', { class: 'payload', 'aria-labelledby': 'payload-title', tabindex: '-1', hidden: true });
  const looking = h('p', null, look, soft('Personal data. Each look is on the record.'));
  const bar = h('p');
  element.append(h('h2', { id: 'payload-title' }, 'Payload'), bar, place);

  /** It is fetched when somebody asks, and that is on the record. */
  async function toggle() {
    const open = look.getAttribute('aria-expanded') === 'true';
    look.setAttribute('aria-expanded', String(!open));
    look.textContent = open ? 'Show the payload' : 'Hide the payload';
    show(place, open ? null : await fetched(id));
  }

  async function erase() {
    if (!(await actOn('erase', [id]))) return;
    await now();
    element.focus(); // the button that asked is gone
  }

  function draw(message) {
    const { erased_at: isErased, may_see_payload: maySee, may_erase: mayErase } = message;
    element.hidden = !(isErased || maySee || mayErase);
    if (isErased) {
      looking.remove();
      show(bar, gone(message));
      show(place);
      return;
    }
    if (maySee && !looking.isConnected) bar.before(looking);
    const isClosed = message.deliveries.every((row) => CLOSED.has(row.state));
    const button = h('button', { type: 'button', onclick: erase }, 'Erase …');
    show(bar, mayErase && (isClosed ? button : soft(LATER)));
  }

  return { element, draw };
}

const soft = (words) => h('span', { class: 'soft' }, words);

/** Who erased it, when and why, as the audit trail says. */
function gone({ erased_at: when, hops }) {
  const { actor, detail } = hops.findLast((hop) => hop.event === 'erased') ?? { actor: 'somebody', detail: {} };
  return h('span', null, `Erased by ${actor} on `, at(when), detail.reason && `: “${detail.reason}”`);
}

async function fetched(id) {
  try {
    const { payload } = await get(`messages/${encodeURIComponent(id)}/payload`);
    const words = JSON.stringify(payload, null, 2);
    return h(
      'pre',
      { tabindex: '0', 'aria-label': `Payload, ${count(words.split('\n').length, 'line')}` },
      h('code', null, words),
    );
  } catch (error) {
    return h('p', { class: 'trouble' }, error.message);
  }
}
