/** The row of fields above a list: typing is heard after a short rest, choosing at once. */

import { h } from './dom.js';

const REST = 250;

/** The field for a job's id, as lists of messages and of audit rows are asked for it. */
export const JOB = {
  label: 'Job',
  hint: 'any job',
  pattern: '[a-z][a-z0-9_\\-]*',
  title: 'The id of a job: small letters, digits, _ and -',
};

/** Fields by name: `{ q: { label, kind: 'search', hint } }` or `{ state: { label, choices: { value: word } } }`. */
export function filters(label, fields, values, changed) {
  let timer = 0;
  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => form.reportValidity() && changed(read()), wait); // the browser says what is not sound
  };
  const inputs = Object.entries(fields).map(([name, field]) => [name, input(name, field, values[name] ?? '', soon)]);
  const read = () => Object.fromEntries(inputs.map(([name, element]) => [name, element.value.trim()]));
  const submit = (event) => {
    event.preventDefault();
    soon(0);
  };
  const form = h(
    'form',
    { class: 'filters', role: 'search', 'aria-label': label, onsubmit: submit },
    inputs.map(([name, element]) =>
      h('div', { class: fields[name].wide && 'wide' }, h('label', { for: element.id }, fields[name].label), element),
    ),
  );
  return form;
}

function input(name, field, value, soon) {
  if (field.choices) {
    const options = Object.entries(field.choices).map(([key, word]) =>
      h('option', { value: key, selected: key === value }, word),
    );
    return h('select', { id: `filter-${name}`, name, onchange: () => soon(0) }, options);
  }
  return h('input', {
    id: `filter-${name}`,
    name,
    value,
    type: field.kind ?? 'search',
    placeholder: field.hint,
    pattern: field.pattern,
    title: field.title,
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => soon(REST),
  });
}
