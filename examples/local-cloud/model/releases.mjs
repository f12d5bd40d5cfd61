// Lets an answer that is held go on. A release that comes before the answer waits is kept for it.
export class Releases {
  #kept = 0;
  #waiting = new Set();

  give() {
    const [first] = this.#waiting;
    if (!first) return void (this.#kept += 1);
    first();
  }

  /** Until a release is given, or `res` closes because nobody waits any more. */
  take(res) {
    if (this.#kept > 0) {
      this.#kept -= 1;
      return Promise.resolve();
    }
    return new Promise((done) => {
      const leave = () => {
        this.#waiting.delete(leave);
        res.off("close", leave);
        done();
      };
      this.#waiting.add(leave);
      res.once("close", leave);
    });
  }

  /** Forgets what was given, and holds nobody any longer. */
  reset() {
    this.#kept = 0;
    for (const leave of [...this.#waiting]) leave();
  }
}
