/**
 * Stands in for the camera, in the page: a canvas on which somebody does what the page asks for.
 *
 * It runs before the page's own scripts and sees of the page only what a person sees: the step and the hint.
 *
 * @typedef {import("./performance.js").Performance} Performance
 * @typedef {import("./performance.js").Turn} Turn
 */

(() => {
  const SIDES = Object.freeze({ "turn-left": "left", "turn-right": "right" });
  const EMPTY_ROOM = Object.freeze({ width: 640, height: 480, colour: "#8d9693" });
  /** Multiples of it, less the whole, are spread evenly; so reactions differ and yet are the same in each run. */
  const GOLDEN = 0.618;

  const page = () => document.documentElement.dataset;
  const askedSide = () => SIDES[page().step ?? ""] ?? null;

  if (navigator.mediaDevices) {
    navigator.mediaDevices.getUserMedia = async () => {
      const { refusal, performance } = await window.openCamera();
      if (refusal) throw new DOMException("The stand-in refuses", refusal);
      return film(performance);
    };
  }

  /** @param {Performance} performance @returns {Promise<MediaStream>} */
  async function film(performance) {
    const pictures = await Promise.all(performance.frames.map(decode));
    const { width, height } = pictures[0] ?? EMPTY_ROOM;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    const frames = play(performance);
    const draw = () => {
      const picture = pictures[frames.next().value];
      if (picture) {
        context.drawImage(picture, 0, 0);
      } else {
        context.fillStyle = EMPTY_ROOM.colour;
        context.fillRect(0, 0, width, height);
      }
    };
    draw();
    const stream = canvas.captureStream(performance.fps);
    const timer = setInterval(() => {
      if (stream.active) draw();
      else clearInterval(timer);
    }, 1_000 / performance.fps);
    return stream;
  }

  /** @param {string} jpeg in base64 */
  function decode(jpeg) {
    const bytes = Uint8Array.from(atob(jpeg), (character) => character.charCodeAt(0));
    return createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  }

  /**
   * Numbers of the frames to show, one after the other, without end.
   *
   * @param {Performance} performance
   * @returns {Generator<number, never>}
   */
  function* play({ ahead, left, right, fps, reactionMs, mistakesFirstTurn }) {
    const turns = { left, right };
    const restful = toAndFro(ahead);
    let reactions = 0;
    let mistaken = mistakesFirstTurn;

    /** @param {Generator<number, never>} meanwhile what is shown until the person reacts */
    function* react(meanwhile) {
      const share = (reactions++ * GOLDEN) % 1;
      const ms = reactionMs.least + share * (reactionMs.most - reactionMs.least);
      for (let left = Math.round((ms / 1_000) * fps); left > 0; left -= 1) yield next(meanwhile);
    }

    /** @param {Turn} turn @param {() => boolean} isDone */
    function* turnUntil({ out, hold, back }, isDone) {
      yield* out;
      const wide = toAndFro(hold);
      while (!isDone()) yield next(wide);
      yield* react(wide);
      yield* back;
    }

    for (;;) {
      const side = askedSide();
      if (!side || !turns[side]) {
        yield next(restful);
        continue;
      }
      yield* react(restful);
      if (mistaken) {
        mistaken = false;
        yield* turnUntil(turns[side === "left" ? "right" : "left"], () => page().hint === "other-way");
      }
      yield* turnUntil(turns[side], () => askedSide() !== side);
    }
  }

  /** @param {number[]} frames @returns {Generator<number, never>} */
  function* toAndFro(frames) {
    for (;;) {
      yield* frames;
      yield* frames.slice(1, -1).reverse();
      if (frames.length === 0) yield -1;
    }
  }

  /** @param {Generator<number, never>} frames */
  function next(frames) {
    return frames.next().value;
  }
})();
