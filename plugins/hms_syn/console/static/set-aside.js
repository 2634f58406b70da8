/** What an officer must decide: doubts, which hold their line, and dead letters, which were set aside. */

import { actOn } from './acts.js';
import { JOB, filters } from './filters.js';
import { h, show } from './dom.js';
import { live } from './live.js';
import { messageList } from './message_list.js';
import { keepQuery, notice, query, shell, told } from './shell.js';
import { count } from './words.js';

const main = shell('set-aside');
let wanted = { q: query('q'), job: query('job') };

const sections = [
  section(
    'in_doubt',
    'In doubt',
    'The vendor may have these, or not. Nothing behind them in their line is sent before somebody knows.',
    { resolve: 'Resolve', discard: 'Discard' },
    'Nothing is in doubt',
  ),
  section(
    'dead_letter',
    'Dead letters',
    'The vendor, or a rule of ours, said no for good. They are kept until somebody decides.',
    { replay: 'Replay', discard: 'Discard' },
    'Nothing was set aside',
  ),
];

main.append(
  h('h1', { class: 'unseen' }, 'Set aside'),
  filters(
    'Find messages set aside',
    { q: { label: 'Find', hint: 'whole id or case number', wide: true }, job: JOB },
    wanted,
    (values) => {
      wanted = values;
      keepQuery(wanted);
      for (const each of sections) each.list.clear();
      now();
    },
  ),
  ...sections.map((each) => each.element),
);

function section(state, title, meaning, verbs, none) {
  const chosen = new Set();
  const bar = h('div', { class: 'bar', tabindex: '-1' });
  const list = messageList({
    caption: title,
    wanted: () => ({ ...wanted, state }),
    told,
    empty: () =>
      wanted.q || wanted.job
        ? notice('None fits this search', 'Empty the fields above to see all.')
        : notice(none, 'There is nothing to do here.'),
    options: { chosen, changed: () => draw() },
  });

  function draw() {
    const shown = new Set(list.rows().map((row) => row.message_id));
    for (const id of chosen) if (!shown.has(id)) chosen.delete(id); // settled by somebody else meanwhile
    list.draw();
    bar.hidden = !list.rows().some((row) => row.may_edit);
    show(
      bar,
      h('span', null, chosen.size ? `${count(chosen.size, 'message')} chosen` : 'Choose messages to act on'),
      Object.entries(verbs).map(([verb, word]) =>
        h('button', { type: 'button', disabled: !chosen.size, onclick: () => act(verb) }, `${word} …`),
      ),
    );
  }

  async function act(verb) {
    if (!(await actOn(verb, [...chosen]))) return;
    chosen.clear();
    bar.focus(); // the button that asked is switched off now
    now();
  }

  const id = `title-${state}`;
  const element = h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, title),
    h('p', { class: 'soft' }, meaning),
    bar,
    list.element,
  );
  return { element, list, draw };
}

const now = live(
  async () => {
    for (const each of sections) {
      await each.list.refresh();
      each.draw();
    }
  },
  (state) => {
    for (const each of sections) if (state.error) each.list.failed(state.error);
    told(state);
  },
);
