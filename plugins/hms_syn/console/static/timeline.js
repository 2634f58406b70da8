/** The flight recorder of a message: every hop of its audit chain on a line of time, an attempt and its end as one. */

import { h, link } from './dom.js';
import { TONES, age, moment, spaced, stamp } from './words.js';

const ENDS = new Set(['acked', 'refused', 'unknown', 'not_sent', 'stale']);
const ACTS = new Set(['discarded', 'replayed', 'resolved', 'viewed', 'paused', 'resumed', 'erased']);
const SENTENCES = {
  published: 'Published on the bus',
  queued: 'Queued',
  acked: 'the vendor said yes',
  refused: 'the vendor said no',
  unknown: 'no clear answer',
  not_sent: 'no byte left',
  stale: 'its worker came back too late; what it brought was not used',
  delivered: 'Delivered',
  in_doubt: 'In doubt: the vendor may have it',
  dead_letter: 'Set aside',
  discarded: 'Discarded',
  replayed: 'Replayed',
  resolved: 'Resolved',
  pulled: 'The vendor speaks of it',
  viewed: 'Its payload was looked at',
  erased: 'Its payload was erased',
};

/** Draw a trace row's hops, oldest first. */
export function timeline(message) {
  const entries = fold(message);
  return h(
    'ol',
    { class: 'timeline' },
    entries.map((entry, n) => drawn(entry, entries[n - 1])),
  );
}

/** Join each attempt with the end that it came to, and with how long that took. */
function fold({ hops, attempts }) {
  const took = new Map(attempts.map((row) => [`${row.job} ${row.attempt}`, row]));
  const open = new Map();
  const entries = [];
  for (const hop of hops) {
    const key = `${hop.job} ${hop.attempt}`;
    if (hop.event === 'attempt') {
      open.set(key, { ...hop, tried: took.get(key) });
      entries.push(open.get(key));
    } else if (ENDS.has(hop.event) && open.has(key)) {
      Object.assign(open.get(key), { end: hop.event, detail: { ...open.get(key).detail, ...hop.detail } });
    } else {
      entries.push({ ...hop, tried: ENDS.has(hop.event) ? took.get(key) : undefined });
    }
  }
  return entries;
}

function drawn(entry, before) {
  const gap = before && (moment(entry.at) - moment(before.at)) / 1000;
  const tone = entry.event === 'attempt' ? ENDS.has(entry.end) && TONES[entry.end] : TONES[entry.event];
  return h(
    'li',
    { 'data-key': entry.seq, class: `${tone || 'plain'}${ACTS.has(entry.event) ? ' act' : ''}` },
    h(
      'time',
      { datetime: entry.at },
      stamp(entry.at, { thousandths: true }),
      h('small', null, gap > 0 && `+${age(gap)}`),
    ),
    h(
      'div',
      null,
      h(
        'p',
        null,
        h('strong', null, title(entry)),
        entry.job && [' · ', link('job', { job: entry.job }, entry.job)],
        h('small', { class: 'seq', title: 'number in the audit trail' }, `#${entry.seq}`),
      ),
      facts(entry),
    ),
  );
}

function title({ event, attempt, end, detail }) {
  if (event !== 'attempt') return SENTENCES[event] ?? spaced(event);
  const became = end ? SENTENCES[end] : 'on its way, or its worker is lost';
  return `Attempt ${attempt}: ${became}${detail.code ? ` (${detail.code})` : ''}`;
}

function facts({ event, actor, detail, tried }) {
  const lines = [];
  if (detail.reference) lines.push(['Receipt', h('code', null, detail.reference)]);
  if (detail.status) lines.push(['Status', detail.status]);
  if (detail.code && event !== 'attempt') lines.push(['Code', h('code', null, detail.code)]);
  if ((tried?.took_s ?? null) !== null) lines.push(['Took', age(tried.took_s)]);
  if ((detail.wait_s ?? null) !== null) lines.push(['Next try', `after ${age(detail.wait_s)}`]);
  if (event === 'pulled' && detail.event) {
    lines.push(
      ['In', link('message', { id: detail.event }, h('code', null, detail.event))],
      ['Known by its', spaced(detail.by)],
    );
  }
  if (detail.how) lines.push(['How', spaced(detail.how)]);
  if (detail.was) lines.push(['It was', spaced(detail.was)]);
  if (detail.reason) lines.push(['Reason', `“${detail.reason}”`]);
  lines.push(['By', actor]);
  const rows = lines.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value)));
  return [tried?.note && h('p', { class: 'soft' }, tried.note), h('dl', null, rows)];
}
