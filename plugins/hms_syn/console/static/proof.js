/** Proving the audit trail: row after row against its hash and the row before, with progress, and a verdict. */

import { post } from './api.js';
import { h, show } from './dom.js';
import { pill } from './words.js';

/** The button, and the place where it says how far it is and what came of it. */
export function proof() {
  const place = h('div', { class: 'proof', role: 'status' });
  const button = h('button', { class: 'primary', type: 'button', onclick: verify }, 'Verify');

  async function verify() {
    button.disabled = true;
    try {
      show(place, await checked((progress) => show(place, progress)));
    } catch (error) {
      show(place, h('p', { class: 'trouble' }, error.message));
    }
    button.disabled = false;
    button.focus();
  }

  return { place, button };
}

/** Check stretch after stretch; `told` hears how far it is. */
async function checked(told) {
  let answer = { checked_to: 0, newest: 1 };
  let count = 0;
  do {
    told(progress(answer, count));
    answer = await post('audit/verify', { after: answer.checked_to });
    count += answer.rows ?? 0;
  } while (!answer.done);
  return verdict(answer, count);
}

const progress = ({ newest, checked_to: value }, count) =>
  h('p', null, h('progress', { 'aria-label': 'Verifying', max: newest, value }), ` ${count} rows checked …`);

const verdict = (answer, count) =>
  answer.ok
    ? h('p', null, pill('sound'), ` All ${count} rows are as they were written, and none is missing between them.`)
    : h(
        'p',
        { class: 'trouble' },
        pill('broken'),
        ` Row ${answer.seq} is the first that is wrong. `,
        answer.detail,
        ALARM,
      );

const ALARM = '. Leave the database as it is, and call security.';
