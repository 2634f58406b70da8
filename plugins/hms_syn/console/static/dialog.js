/** A question in the page itself: Airflow's frame shows no alert, confirm or prompt. */

import { h, show } from './dom.js';

const MOST = 500; // characters of a reason, as ports.Act has it

/**
 * Ask before an act. `content` is shown above the fields, `fields` are labelled inputs by name, and `act(values)` does
 * it: what it returns replaces the question, and what it throws is shown with the question still there.
 * Resolves when the dialog is closed, to true if something was done.
 */
export function ask({ title, content, fields = {}, verb, act }) {
  const trouble = h('p', { class: 'trouble', role: 'alert' });
  const inputs = { ...fields, reason: reason() };
  const body = h('div', { class: 'dialog-body', tabindex: '0', role: 'region', 'aria-label': 'What happens' }, content);
  const go = h('button', { class: 'primary', type: 'submit' }, verb);
  const cancel = h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
  const labels = Object.entries(inputs).map(([name, { label, element }]) => {
    element.id = `ask-${name}`;
    return h('div', null, h('label', { for: element.id }, label), element);
  });
  const form = h(
    'form',
    null,
    h('h2', { id: 'dialog-title' }, title),
    body,
    labels,
    trouble,
    h('div', { class: 'buttons' }, cancel, go),
  );
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' }, form);
  let done = false;

  form.onsubmit = async (event) => {
    event.preventDefault();
    go.disabled = true;
    show(trouble);
    try {
      const values = Object.entries(inputs).map(([name, { element }]) => [name, element.value.trim()]);
      const answer = await act(Object.fromEntries(values));
      done = true;
      if (answer === undefined) dialog.close();
      else close(answer);
    } catch (error) {
      go.disabled = false;
      show(trouble, error.message);
    }
  };

  function close(answer) {
    const ok = h('button', { class: 'primary', type: 'button', onclick: () => dialog.close() }, 'Close');
    show(
      form,
      h('h2', { id: 'dialog-title' }, title),
      h('div', { class: 'dialog-body', role: 'status' }, answer),
      h('div', { class: 'buttons' }, ok),
    );
    ok.focus();
  }

  return new Promise((resolve) => {
    const opener = document.activeElement;
    dialog.addEventListener('close', () => {
      dialog.remove();
      opener?.focus?.();
      resolve(done);
    });
    document.body.append(dialog);
    dialog.showModal();
    inputs.reason.element.focus();
  });
}

const reason = () => ({
  label: 'Reason, for the audit trail',
  element: h('input', { name: 'reason', required: true, maxlength: MOST, autocomplete: 'off' }),
});
