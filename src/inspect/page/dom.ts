// SPDX-License-Identifier: Apache-2.0
/** An element of the page's own markup. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found as T;
}

/** A new element with text; whatever the text is, it stays text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  if (text !== '') made.textContent = text;
  return made;
}

/** Names and values, below each other. */
export function factList(facts: readonly (readonly [string, string])[]): HTMLDListElement {
  const list = element('dl');
  for (const [name, value] of facts) list.append(element('dt', '', name), element('dd', '', value));
  return list;
}

/** Text in which what was searched for is marked. */
export function marked(into: HTMLElement, text: string, wanted: string): HTMLElement {
  const low = text.toLowerCase();
  // A letter may change its length with its case: then nothing is marked rather than something wrong.
  if (wanted === '' || low.length !== text.length) {
    into.append(text);
    return into;
  }
  let at = 0;
  for (let next = low.indexOf(wanted); next >= 0; next = low.indexOf(wanted, at)) {
    into.append(text.slice(at, next), element('mark', '', text.slice(next, next + wanted.length)));
    at = next + wanted.length;
  }
  into.append(text.slice(at));
  return into;
}

/** Said to those who do not see the page. */
export const say = (text: string): void => {
  byId('status').textContent = text;
};
