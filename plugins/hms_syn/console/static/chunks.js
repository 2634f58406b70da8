/**
 * A long list by pages of the API, each fetched after the last key of the one before. Only pages on the screen are
 * looked at again, so a thousand rows cost no more than those that somebody sees.
 */

export class Chunks {
  /** `fetch(after)` answers `{ rows, next }`; `place()` gives the element whose keyed children are the rows. */
  constructor(fetch, key, place) {
    Object.assign(this, { fetch, key, place, pages: [], next: null });
  }

  get rows() {
    return this.pages.flatMap((page) => page.rows);
  }

  /** Look again at what is on the screen. */
  async refresh() {
    for (let n = 0; n < Math.max(1, this.pages.length); n += 1) {
      if (n === 0 || this.pages[n].moved || this.isSeen(this.pages[n])) await this.load(n);
    }
  }

  /** Fetch the page behind the last. */
  async more() {
    await this.load(this.pages.length);
  }

  async load(n) {
    const before = this.pages;
    const after = n ? (this.pages[n]?.after ?? this.next) : null;
    const { rows, next } = await this.fetch(after);
    if (this.pages !== before) return; // another list was begun meanwhile
    this.pages[n] = { after, rows, moved: false };
    const follower = this.pages[n + 1];
    if (!follower) this.next = next;
    else if (next === null) this.pages.splice(n + 1, Infinity);
    else if (follower.after !== next) Object.assign(follower, { after: next, moved: true });
    if (!follower || next === null) this.next = next;
  }

  isSeen({ rows }) {
    const first = this.element(rows[0]);
    const last = this.element(rows.at(-1));
    return (
      Boolean(first && last) &&
      first.getBoundingClientRect().top < innerHeight &&
      last.getBoundingClientRect().bottom > 0
    );
  }

  element(row) {
    return row && this.place().querySelector(`[data-key="${CSS.escape(this.key(row))}"]`);
  }

  /** Begin anew, as after another search. */
  clear() {
    Object.assign(this, { pages: [], next: null });
  }
}
