/** Whether the other side answers: the badge of a job, and the line above the board. */

import { h, link } from './dom.js';
import { age, ago, moment, pill, stamp } from './words.js';

const SHOWN = 3;

/** Word and colour, with how long it has been so. */
export function badge(vendor) {
  const state = vendor?.state ?? 'unknown';
  const facts = [
    vendor?.since && `${state} since ${stamp(vendor.since)}`,
    vendor?.code,
    vendor?.last_ok_at && `last good answer ${stamp(vendor.last_ok_at)}`,
    vendor?.certificate_until && `its certificate ends ${stamp(vendor.certificate_until)}`,
  ].filter(Boolean);
  return h(
    'span',
    { class: 'badge', title: facts.join('; ') || 'Nothing has been heard of this vendor yet' },
    pill(state, state === 'unknown' ? 'plain' : undefined),
    vendor?.since && state === 'offline' && h('small', null, since(vendor.since)),
  );
}

/** Say which vendors are offline, and that nothing is lost; nothing at all while none is. */
export function offlineBanner(vendors) {
  const offline = vendors.filter((vendor) => vendor.state === 'offline');
  if (!offline.length) return null;
  const named = offline
    .slice(0, SHOWN)
    .map((vendor) =>
      h(
        'li',
        null,
        link('index', { q: jobOf(vendor) }, h('strong', null, nameOf(vendor))),
        ' has not answered for ',
        vendor.since ? since(vendor.since) : 'a while',
        vendor.code ? ` (${vendor.code})` : '',
        '.',
      ),
    );
  const rest = offline.length - SHOWN;
  return h(
    'section',
    { class: 'alarm', 'aria-label': 'Vendors offline' },
    h('span', { class: 'pill bad' }, `${offline.length} offline`),
    h('ul', null, named, rest > 0 && h('li', null, `and ${rest} more.`)),
    h('p', null, 'What waits for them is kept, and sent in order when they answer again.'),
  );
}

const since = (iso) => age(Math.max(0, Math.round((Date.now() - moment(iso)) / 1000)));
const jobOf = (vendor) => vendor.job ?? vendor.jobs?.[0] ?? '';
const nameOf = (vendor) => vendor.name ?? vendor.endpoint ?? jobOf(vendor);
