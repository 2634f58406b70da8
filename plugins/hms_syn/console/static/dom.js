/**
 * Elements out of words. Whatever came from a vendor, an officer or a file becomes a text node or an attribute's value;
 * nothing here, or anywhere in the console, reads markup.
 */

const SVG = new Set(['svg', 'rect']);
const HANDLERS = ['onchange', 'onclick', 'oninput', 'onsubmit'];

/** Make an element: `h('a', { href: 'index.html' }, 'Board')`. False, null and undefined children are left out. */
export function h(tag, attributes, ...children) {
  const element = SVG.has(tag)
    ? document.createElementNS('http://www.w3.org/2000/svg', tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (HANDLERS.includes(name)) element[name] = value;
    else if (name === 'checked') element.checked = value;
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== false && (child ?? null) !== null));
  return element;
}

/** Link to a page of the console; the only way an address is made. */
export function link(page, query, ...children) {
  const words = new URLSearchParams(query).toString();
  return h('a', { href: `${page}.html${words && `?${words}`}` }, ...children);
}

/** Link to a section of the runbook, such as `alert-silence`. */
export const whatToDo = (section) => h('a', { href: `runbook.html#${section}` }, 'What to do');

/**
 * Show these children in `place`, changing only what differs, so that focus, selection and scroll stay where they are.
 * Children with a `data-key` keep their element however many come before them.
 */
export function show(place, ...children) {
  const wanted = document.createDocumentFragment();
  wanted.append(...children.flat(Infinity).filter((child) => child !== false && (child ?? null) !== null));
  agree(place, [...wanted.childNodes]);
}

/**
 * Keep one element for each row of a long list, in order: made anew only for rows that are other objects than those
 * last shown. A thousand rows of which fifty have changed cost fifty.
 */
export function keep(place, rows, keyOf, make) {
  const kept = keyed([...place.children]);
  const keys = new Set(rows.map(keyOf));
  for (const [key, element] of kept) if (!keys.has(key)) element.remove();
  let at = [...place.children].find((element) => element.dataset.key) ?? null;
  for (const row of rows) {
    const known = kept.get(keyOf(row));
    const element = known ?? make(row);
    if (known && SHOWN.get(known) !== row) become(known, make(row));
    if (known && known === at) at = at.nextElementSibling;
    else place.insertBefore(element, at);
    SHOWN.set(element, row);
  }
}

const SHOWN = new WeakMap();

function agree(place, wanted) {
  const kept = keyed([...place.childNodes]);
  const keys = keyed(wanted);
  for (const [key, node] of kept) if (!keys.has(key)) node.remove();
  let at = place.firstChild;
  for (const next of wanted) {
    const key = next.dataset?.key;
    const same = key === undefined ? at && at.dataset?.key === undefined && at : kept.get(key);
    if (!same || same.nodeName !== next.nodeName) {
      place.insertBefore(next, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else place.insertBefore(same, at);
    become(same, next);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

const keyed = (nodes) => new Map(nodes.filter((node) => node.dataset?.key).map((node) => [node.dataset.key, node]));

function become(node, next) {
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.data !== next.data) node.data = next.data;
    return;
  }
  for (const { name, value } of next.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  for (const { name } of [...node.attributes]) {
    if (!next.hasAttribute(name) && name !== 'open') node.removeAttribute(name); // a person opens <details>
  }
  for (const name of HANDLERS) if (node[name] !== next[name]) node[name] = next[name];
  if (node.nodeName === 'INPUT') node.checked = next.checked;
  else agree(node, [...next.childNodes]);
}
