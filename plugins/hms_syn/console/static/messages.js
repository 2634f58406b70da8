/** All messages: what waits, in the order it will be sent, then what is closed, newest first. */

import { JOB, filters } from './filters.js';
import { h } from './dom.js';
import { live } from './live.js';
import { messageList } from './message_list.js';
import { keepQuery, notice, query, shell, told } from './shell.js';

const STATES = {
  '': 'any state',
  pending: 'pending',
  in_flight: 'in flight',
  in_doubt: 'in doubt',
  delivered: 'delivered',
  dead_letter: 'dead letter',
  discarded: 'discarded',
  untaken: 'untaken: no job takes them',
};

const main = shell('messages');
let wanted = { q: query('q'), job: query('job'), state: query('state') };

const list = messageList({
  caption: 'Messages',
  wanted: () => wanted,
  told,
  empty: () =>
    Object.values(wanted).some(Boolean)
      ? notice(
          'No such message',
          'Nothing fits this search. A message is found by its id, its ordering key, such as a ' +
            "case number, or the vendor's receipt.",
        )
      : notice(
          'No message yet',
          'Publish one; it is here at once.',
          h(
            'pre',
            null,
            h('code', null, 'hms-syn publish hud.hearing.created \'{"case_id": "HUD-22-109", "date": "2024-09-02"}\''),
          ),
        ),
});

main.append(
  h('h1', { class: 'unseen' }, 'Messages'),
  filters(
    'Find messages',
    {
      q: { label: 'Find', hint: 'whole id, case number or receipt', wide: true },
      job: JOB,
      state: { label: 'State', choices: STATES },
    },
    wanted,
    (values) => {
      wanted = values;
      keepQuery(wanted);
      list.clear();
      now();
    },
  ),
  list.element,
);

const now = live(list.refresh, (state) => {
  if (state.error) list.failed(state.error);
  told(state);
});
