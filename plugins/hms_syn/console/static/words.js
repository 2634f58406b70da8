/** What states, events and times are called, and in which tone they are shown. Never a colour without its word. */

import { h } from './dom.js';

const MOST = 1000; // where the API ends counting; standing.MOST

export const TONES = {
  pending: 'quiet',
  in_flight: 'busy',
  in_doubt: 'warn',
  delivered: 'good',
  dead_letter: 'bad',
  discarded: 'off',
  untaken: 'off',
  online: 'good',
  offline: 'bad',
  paused: 'off',
  broken: 'bad',
  sound: 'good',
  acked: 'good',
  refused: 'bad',
  unknown: 'warn',
  not_sent: 'warn',
  stale: 'off',
};

/** A word in a coloured pill: `state('in_doubt')` reads "in doubt". */
export const pill = (word, tone = TONES[word] ?? 'plain') => h('span', { class: `pill ${tone}` }, spaced(word));

export const spaced = (word) => String(word).replaceAll('_', ' ');

/** Seconds in two units at most: 42 s, 2 m 10 s, 3 h 5 m, 4 d 2 h. */
export function age(seconds) {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 10 && seconds % 1) return `${seconds.toFixed(1)} s`;
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ];
  const from = units.findIndex(([size]) => seconds >= size);
  const [[size, name], next] = units.slice(from, from + 2);
  const rest = next ? Math.floor((seconds % size) / next[0]) : 0;
  return `${Math.floor(seconds / size)} ${name}${rest ? ` ${rest} ${next[1]}` : ''}`;
}

/** How long ago, as an element whose title has the moment itself. */
export function ago(iso) {
  if (!iso) return '–';
  const seconds = (Date.now() - moment(iso)) / 1000;
  return h('time', { datetime: iso, title: stamp(iso) }, seconds < 2 ? 'now' : `${age(Math.round(seconds))} ago`);
}

/** The moment itself: 2026-03-01 10:42:03, in Airflow's time zone. */
export const at = (iso) => (iso ? h('time', { datetime: iso }, stamp(iso)) : '–');

export const moment = (iso) => new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(iso) ? iso : `${iso}Z`).getTime();

export function stamp(iso, { thousandths = false } = {}) {
  const when = moment(iso);
  if (Number.isNaN(when)) return String(iso);
  const words = CLOCK.format(when).replace(',', '');
  return thousandths ? `${words}.${String(when % 1000).padStart(3, '0')}` : words;
}

/** Airflow keeps the zone that a person chose in the browser; else it shows UTC. */
export const ZONE = (() => {
  try {
    const chosen = JSON.parse(localStorage.getItem('timezone') ?? '"UTC"');
    new Intl.DateTimeFormat('sv-SE', { timeZone: chosen });
    return chosen;
  } catch {
    return 'UTC';
  }
})();

const CLOCK = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' });

/** "1 message", "3 messages". */
export const count = (number, noun) => `${figure(number)} ${noun}${number === 1 ? '' : 's'}`;

/** A number as the API counts: it stops at a thousand, which means that or more. */
export const figure = (number) => (number >= MOST ? `${MOST}+` : String(number ?? 0));
