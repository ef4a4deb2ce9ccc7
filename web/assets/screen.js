/**
 * The screen itself: a lamp that lights the face, and kept awake while the check runs.
 */

/**
 * Between two changes of the light, so that there are never more than three in a second, the last frame's delay
 * included (WCAG 2.3.1). The server keeps each colour for longer; this holds where it, or the line, does not.
 */
const LEAST_GAP_MS = 350;

const COLOUR = /^#[0-9a-f]{6}$/i;

const root = document.documentElement;

/** Lights the screen in one colour at a time. What it shows is in `data-colour`, and nowhere else. */
export const lamp = {
  /** @type {string | null} */
  wanted: null,
  changedAt: -Infinity,
  timer: 0,

  /**
   * Changes the light at once or, where the last change was a moment ago, as soon as it may; the newest wish counts.
   *
   * @param {string | null} colour `#rrggbb`, or null for none
   */
  show(colour) {
    this.wanted = colour !== null && COLOUR.test(colour) ? colour.toLowerCase() : null;
    const wait = this.changedAt + LEAST_GAP_MS - performance.now();
    if (wait <= 0) this.apply();
    else if (this.timer === 0) this.timer = setTimeout(() => this.apply(), wait);
  },

  apply() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.wanted === (root.dataset.colour ?? null)) return;
    if (this.wanted) {
      root.dataset.colour = this.wanted;
      root.dataset.ink = inkOn(this.wanted);
      root.style.setProperty("--lamp", this.wanted);
    } else {
      delete root.dataset.colour;
      delete root.dataset.ink;
    }
    this.changedAt = performance.now();
  },
};

/** Keeps the screen on, where the browser can; nobody touches a phone that asks for a look. */
export const awake = {
  /** @type {WakeLockSentinel | null} */
  lock: null,
  wanted: false,

  /** Asks again, too, after the browser let the lock go with a page that was hidden. */
  async keep() {
    this.wanted = true;
    if (this.lock && !this.lock.released) return;
    try {
      const lock = (await navigator.wakeLock?.request("screen")) ?? null;
      if (this.wanted) this.lock = lock;
      else lock?.release();
    } catch {
      // A browser that saves power may refuse; the check then runs with a screen that may go dark.
    }
  },

  release() {
    this.wanted = false;
    this.lock?.release();
    this.lock = null;
  },
};

/**
 * Black or white, whichever is easier to read on the colour.
 *
 * @param {string} colour
 */
function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  // Contrast ratios of WCAG 2: (lighter + 0.05) / (darker + 0.05).
  return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? "black" : "white";
}

/** @param {number} share of a channel, as sRGB encodes it */
function linear(share) {
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
