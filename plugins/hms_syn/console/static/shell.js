/** What every page has: where one is, whether what one sees is live, and a voice for those who do not see it. */

import { h, link, show } from './dom.js';
import { ZONE, age } from './words.js';

const PAGES = { index: 'Board', messages: 'Messages', 'set-aside': 'Set aside', audit: 'Audit', jobs: 'Job files' };

const status = h('p', { class: 'live soft', id: 'live' });
const voice = h('p', { class: 'unseen', role: 'status' });
let lost = false;

/** Draw the header; `here` is the page's own name. Returns the place for its content. */
export function shell(here) {
  const entries = Object.entries(PAGES).map(([page, title]) =>
    h('li', null, h('a', { href: `${page}.html`, 'aria-current': page === here && 'page' }, title)),
  );
  document
    .querySelector('header')
    .append(
      h('a', { class: 'skip', href: '#main' }, 'Skip to the content'),
      h('nav', { 'aria-label': 'Synchronizer' }, h('ul', null, entries)),
      status,
      voice,
    );
  return document.querySelector('main');
}

/** Say aloud what has changed, to screen readers. */
export function say(words) {
  voice.textContent = words;
}

/** Show whether the page is up to date: what `live` tells. */
export function told({ ok, error, next }) {
  if (ok) {
    if (lost) say('The page is live again.');
    lost = false;
    show(status, h('span', { class: 'dot good' }), 'Live ', h('span', { class: 'zone' }, `· times in ${ZONE}`));
    return;
  }
  if (!lost) say(error.message);
  lost = true;
  show(
    status,
    h('span', { class: 'dot bad' }),
    'Not live: ',
    error.message,
    next && ` Trying again in ${age(next)}; what you see may be old.`,
  );
}

/** A sentence where content would be: nothing there yet, still loading, or an error, with what to do. */
export const notice = (title, sentence, ...more) =>
  h('section', { class: 'notice' }, h('h2', null, title), h('p', null, sentence), more);

export const loading = (what) => h('p', { class: 'soft', 'aria-busy': 'true' }, `Loading ${what} …`);

/** The words after `?` of this page's address. */
export const query = (name) => new URLSearchParams(location.search).get(name) ?? '';

/** Keep what was asked for in the address, so that a reload or a sent link shows the same. */
export function keepQuery(words) {
  const given = new URLSearchParams(Object.entries(words).filter(([, value]) => value));
  history.replaceState(null, '', `${location.pathname}${given.size ? `?${given}` : ''}`);
}
