/** What an officer may do to jobs and messages: each act is asked for, previewed where it can be, and has a reason. */

import { post } from './api.js';
import { ask } from './dialog.js';
import { h } from './dom.js';
import { say } from './shell.js';
import { count } from './words.js';

const MOMENTS = {
  '': 'until somebody resumes it',
  '30m': 'for 30 minutes',
  '2h': 'for 2 hours',
  '8h': 'for 8 hours',
  '24h': 'for 24 hours',
};

const VERBS = {
  replay: ['Replay', 'Each is sent again with its own key, behind what waits already.'],
  discard: ['Discard', 'Each is closed for good and never sent again. Its record stays.'],
  resolve: ['Resolve', 'You say what became of it; the audit trail says that you did.'],
  erase: [
    'Erase',
    'The payload and its headers are destroyed. This cannot be undone: nobody can read or send them again. What stays ' +
      'is the record: id, topic, times, keys, receipts, and who did what. ' +
      "The vendor's own copy is the vendor's to erase. Your reason stays too: name a request in it, not a person.",
    'payload',
  ],
};
const LEFT =
  "Another process still reads from SQLite's log, so a copy may stand in its -wal file. Whoever runs Airflow can clear " +
  'it: hms-syn erase, with the same id.';

/** Pause a job, or resume it. Resolves to true when it was done. */
export const pause = (job) =>
  ask({
    title: `Pause ${job.name || job.job}`,
    content: h(
      'p',
      null,
      'Nothing more is sent to the vendor; what is on its way is finished. Messages go on being ' +
        'accepted, and wait in order.',
    ),
    fields: { until: { label: 'Pause it', element: choice(MOMENTS) } },
    verb: 'Pause',
    act: ({ reason, until }) =>
      post(`jobs/${encodeURIComponent(job.job)}/pause`, until ? { reason, until } : { reason }).then(() =>
        say(`${job.name || job.job} is paused`),
      ),
  });

export const resume = (job) =>
  ask({
    title: `Resume ${job.name || job.job}`,
    content: h('p', null, `What waits is sent at once, in order: ${count(job.waiting ?? 0, 'message')}.`),
    verb: 'Resume',
    act: ({ reason }) =>
      post(`jobs/${encodeURIComponent(job.job)}/resume`, { reason }).then(() =>
        say(`${job.name || job.job} is resumed`),
      ),
  });

/** Replay, discard, resolve or erase messages: what would happen is shown first, what happened to each is shown after. */
export async function actOn(verb, ids) {
  const [word, meaning, noun = 'message'] = VERBS[verb];
  const fields = verb === 'resolve' ? resolution() : {};
  const told = h('div', null, h('p', null, meaning), h('p', { class: 'soft' }, 'Looking at what would happen …'));
  const asked = ask({
    title: `${word} ${count(ids.length, noun)}`,
    content: told,
    fields,
    verb: word,
    act: async (values) => {
      const { results, is_forgotten: isForgotten } = await post(`messages/${verb}`, body(ids, values, false));
      say(summary(results, 'Done'));
      return [outcome(results, 'Done'), isForgotten === false && h('p', { class: 'trouble' }, LEFT)];
    },
  });
  preview(verb, ids).then((content) => told.lastChild.replaceWith(content));
  return asked;
}

async function preview(verb, ids) {
  const values = { reason: 'preview', ...(verb === 'resolve' && { as: 'delivered' }) };
  try {
    const { results } = await post(`messages/${verb}`, body(ids, values, true));
    return outcome(results, 'This would do it');
  } catch (error) {
    return h('p', { class: 'trouble' }, error.message);
  }
}

function body(ids, { reason, as, reference }, isPreview) {
  const how = as && { delivered: as === 'delivered', ...(reference && { reference }) };
  return { ids, reason, preview: isPreview, ...how };
}

const resolution = () => ({
  as: {
    label: 'The vendor',
    element: choice({
      resend: 'does not have it: send it again with the same key',
      delivered: 'has it: close it as delivered',
    }),
  },
  reference: {
    label: "The vendor's receipt, if it has it",
    element: h('input', { name: 'reference', maxlength: 200, autocomplete: 'off' }),
  },
});

const choice = (choices) =>
  h(
    'select',
    null,
    Object.entries(choices).map(([value, word]) => h('option', { value }, word)),
  );

const refused = (result) => !result.ok;

const summary = (results, word) => {
  const bad = results.filter(refused).length;
  return `${word} to ${count(results.length - bad, 'message')}${bad ? `; ${bad} refused` : ''}`;
};

const places = ({ jobs }) => jobs.length > 0 && `at ${jobs.join(', ')}`; // none where no job took it

/** Every message with what becomes of it; the refused ones first. */
function outcome(results, word) {
  const lines = [...results]
    .sort((one, other) => refused(other) - refused(one))
    .map((result) =>
      h(
        'li',
        { class: refused(result) ? 'no' : 'yes' },
        h('code', null, result.message_id),
        ' ',
        refused(result) ? result.detail.replace(`${result.message_id}: `, '') : places(result),
      ),
    );
  return h('div', null, h('p', null, h('strong', null, summary(results, word))), h('ul', { class: 'results' }, lines));
}
