/**
 * Stands in for the camera, in the page: a canvas on which somebody does what the page asks for.
 *
 * It runs before the page's own scripts and sees of the page only what a person sees: the step, the hint, and the colour
 * in which the screen shines.
 *
 * @typedef {import("./performance.js").Performance} Performance
 * @typedef {import("./performance.js").Turn} Turn
 */

(() => {
  const SIDES = Object.freeze({ "turn-left": "left", "turn-right": "right", "turn-up": "up", "turn-down": "down" });
  const OTHER_SIDE = Object.freeze({ left: "right", right: "left", up: "down", down: "up" });
  /** How much larger or smaller the face becomes by one movement; who is asked for more makes another one. */
  const DISTANCES = Object.freeze({ nearer: 1.25, farther: 0.8 });
  const DISTANCE_SECONDS = 0.8;
  const RETURN_SECONDS = 0.4;
  /** Frames of a clip from picture to picture, at most; one more for so many pictures since the way began, and frames left of it. */
  const STRIDES = Object.freeze({ most: 2, gone: 2, left: 4 });
  const SCALES = Object.freeze({ least: 0.5, most: 2 });
  /** From how far within the face's ellipse to how far without the head gives way to what is behind it, as radii. */
  const HEAD_RIM = Object.freeze({ within: 1.1, without: 1.5 });
  const NOISY_PIXELS = 50;
  const EMPTY_ROOM = Object.freeze({ width: 640, height: 480, colour: "#8d9693" });
  /** Multiples of it, less the whole, are spread evenly; so reactions differ and yet are the same in each run. */
  const GOLDEN = 0.618;

  /** From the screen's change to its picture: the panel, the exposure and what the camera does with it. */
  const LIGHT_LATENCY_MS = 130;
  /**
   * What the screen adds to a picture, as shares of the picture's own sRGB values: a screen that gives a third of a
   * face's light, before a face that is close and a wall that is not. 1.3 to the power of 1/2.2 is 1.13.
   */
  const SHINE = Object.freeze({ middle: 0.13, edge: 0.09, wall: 0.02 });

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
    const { width, height } = pictures[0] ?? performance.room ?? EMPTY_ROOM;
    const context = canvasOf(width, height);
    const head = canvasOf(width, height);
    const light = performance.face && new Light(performance, width, height);
    const frames = performance.route ? walk(performance) : play(performance);
    const scales = approach(performance);
    const draw = () => {
      const { frame, scale, zoom } = nearby(performance, next(frames), next(scales));
      const picture = pictures[frame];
      if (picture && light) {
        approached(context, head, picture, performance.face, zoom);
        light.shineOn(context, scale);
        addNoise(context);
      } else {
        context.fillStyle = EMPTY_ROOM.colour;
        context.fillRect(0, 0, width, height);
      }
    };
    draw();
    const stream = context.canvas.captureStream(performance.fps);
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

  /** @param {number} width @param {number} height @returns {CanvasRenderingContext2D} */
  function canvasOf(width, height) {
    return Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  }

  /**
   * The picture with the head larger or smaller, before a wall that stays where it is.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {CanvasRenderingContext2D} head what the head is drawn on
   * @param {ImageBitmap} picture
   * @param {{x: number, y: number, width: number, height: number}} face
   * @param {number} zoom
   */
  function approached(context, head, picture, face, zoom) {
    const { width, height } = context.canvas;
    context.drawImage(picture, 0, 0);
    if (zoom === 1) return;
    const [left, top] = [width * face.x * (1 - zoom), height * face.y * (1 - zoom)];
    head.globalCompositeOperation = "copy";
    head.drawImage(picture, left, top, width * zoom, height * zoom);
    head.globalCompositeOperation = "destination-in";
    const reach = Math.max(zoom, 1);
    head.save();
    head.translate(width * face.x, height * face.y);
    head.scale((width * face.width * reach) / 2, (height * face.height * reach) / 2);
    head.fillStyle = rim(head);
    head.fillRect(-width, -height, 2 * width, 2 * height);
    head.restore();
    context.drawImage(head.canvas, 0, 0);
  }

  /** Where a head with a face of the radius 1 ends. @param {CanvasRenderingContext2D} context */
  function rim(context) {
    const { within, without } = HEAD_RIM;
    const gradient = context.createRadialGradient(0, 0, 0, 0, 0, without);
    gradient.addColorStop(within / without, "rgb(0 0 0 / 1)");
    gradient.addColorStop(1, "rgb(0 0 0 / 0)");
    return gradient;
  }

  /** A little of what no two frames of a camera have in common. @param {CanvasRenderingContext2D} context */
  function addNoise(context) {
    const { width, height } = context.canvas;
    for (let number = 0; number < NOISY_PIXELS; number += 1) {
      const grey = Math.floor(256 * Math.random());
      context.fillStyle = `rgb(${grey} ${grey} ${grey} / 0.1)`;
      context.fillRect(Math.floor(width * Math.random()), Math.floor(height * Math.random()), 1, 1);
    }
  }

  /**
   * The frame that was made at about this distance, where there is one, and how much it is to be zoomed.
   *
   * @param {Performance} performance
   * @param {number} frame
   * @param {number} scale of the face
   */
  function nearby({ ahead, distances }, frame, scale) {
    const off = (/** @type {{scale: number}} */ other) => Math.abs(Math.log(other.scale / scale));
    const place = ahead.indexOf(frame);
    if (place < 0 || distances.length === 0) return { frame, scale, zoom: scale };
    const closest = distances.reduce((best, other) => (off(other) < off(best) ? other : best));
    return { frame: closest.frames[place], scale, zoom: scale / closest.scale };
  }

  /** The light of the screen on what is before it. */
  class Light {
    #lit;
    #face;
    /** What the screen showed in the last frames, the oldest first: what the camera sees now. */
    #shown;

    /** @param {Performance} performance @param {number} width @param {number} height */
    constructor({ face, fps }, width, height) {
      this.#face = face;
      this.#lit = canvasOf(width, height);
      this.#shown = Array.from({ length: Math.round((LIGHT_LATENCY_MS / 1_000) * fps) + 1 }, screenColour);
    }

    /**
     * Adds the light to the picture: its own colours times the screen's, most in the middle of the face.
     *
     * @param {CanvasRenderingContext2D} context
     * @param {number} scale of the face
     */
    shineOn(context, scale) {
      this.#shown.push(screenColour());
      const colour = this.#shown.shift() ?? "";
      const lit = this.#lit;
      const { width, height } = lit.canvas;
      lit.globalCompositeOperation = "copy";
      lit.drawImage(context.canvas, 0, 0);
      lit.globalCompositeOperation = "multiply";
      lit.fillStyle = colour;
      lit.fillRect(0, 0, width, height);
      lit.globalCompositeOperation = "destination-in";
      lit.save();
      lit.translate(width * this.#face.x, height * this.#face.y);
      lit.scale((width * this.#face.width * scale) / 2, (height * this.#face.height * scale) / 2);
      lit.fillStyle = falloff(lit);
      lit.fillRect(-width, -height, 2 * width, 2 * height);
      lit.restore();
      context.globalCompositeOperation = "lighter";
      context.drawImage(lit.canvas, 0, 0);
      context.globalCompositeOperation = "source-over";
    }
  }

  /** How the light falls off, where the face has the radius 1. @param {CanvasRenderingContext2D} context */
  function falloff(context) {
    const reach = 1.3;
    const gradient = context.createRadialGradient(0, 0, 0, 0, 0, reach);
    gradient.addColorStop(0, `rgb(0 0 0 / ${SHINE.middle})`);
    gradient.addColorStop(1 / reach, `rgb(0 0 0 / ${SHINE.edge})`);
    gradient.addColorStop(1, `rgb(0 0 0 / ${SHINE.wall})`);
    return gradient;
  }

  /** The colour that fills the screen. */
  function screenColour() {
    return getComputedStyle(document.documentElement).backgroundColor;
  }

  /**
   * Numbers of the frames to show, one after the other, without end.
   *
   * @param {Performance} performance
   * @returns {Generator<number, never>}
   */
  function* play(performance) {
    const { ahead, turns, mistakesFirstTurn } = performance;
    const restful = toAndFro(ahead);
    const react = reactions(performance);
    let mistaken = mistakesFirstTurn;

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
        yield* turnUntil(turns[OTHER_SIDE[side]], () => page().hint === "other-way");
      }
      yield* turnUntil(turns[side], () => askedSide() !== side);
    }
  }

  /**
   * The same of a clip that is played to and fro.
   *
   * @param {Performance} performance
   * @returns {Generator<number, never>}
   */
  function* walk(performance) {
    const { route } = performance;
    const react = reactions(performance);
    let side = null;
    let [first, last] = route.ahead;
    let place = first;
    let pace = 1;
    let gone = 0;
    const strides = (function* () {
      for (;;) {
        if (place <= first) pace = 1;
        if (place >= last) pace = -1;
        const left = Math.max(first - place, place - last, 0);
        gone = left > 0 ? gone + 1 : 0;
        // A stretch of one frame is stayed at.
        if (first !== last || left > 0) place += pace * stride(gone, left);
        yield place;
      }
    })();
    for (;;) {
      if (askedSide() !== side) {
        side = askedSide();
        yield* react(strides);
        [first, last] = side ? route[side] : route.ahead;
        gone = 0;
      }
      yield next(strides);
    }
  }

  /**
   * Frames of a clip to go on by: as filmed at both ends of a way, and faster between them, as a head gathers speed and loses it.
   *
   * @param {number} gone pictures since the way began
   * @param {number} left frames until it ends
   */
  function stride(gone, left) {
    return Math.max(1, Math.min(STRIDES.most, 1 + Math.floor(Math.min(gone / STRIDES.gone, left / STRIDES.left)), left));
  }

  /**
   * How large the face is, frame by frame, against how it was at first: who is asked to turn goes back before, for a head
   * that is turned does not fit the place at which it is zoomed.
   *
   * @param {Performance} performance
   * @returns {Generator<number, never>}
   */
  function* approach(performance) {
    const { fps, moves } = performance;
    const react = reactions(performance);
    let scale = 1;
    /** @param {number} goal @param {number} seconds @returns {Generator<number, void>} */
    function* go(goal, seconds) {
      const here = scale;
      for (const share of gently(Math.round(seconds * fps))) {
        scale = here * (goal / here) ** share;
        yield scale;
      }
    }
    for (;;) {
      const step = page().step ?? "";
      const factor = moves ? DISTANCES[step] : undefined;
      if (factor) {
        yield* react(toAndFro([scale]));
        const goal = scale * factor;
        if (page().step === step && goal >= SCALES.least && goal <= SCALES.most) yield* go(goal, DISTANCE_SECONDS);
      } else if (scale !== 1 && askedSide()) {
        yield* go(1, RETURN_SECONDS);
      } else {
        yield scale;
      }
    }
  }

  /** Shares from 0 to 1 of a movement that is gentle at both ends. @param {number} count */
  function gently(count) {
    return Array.from({ length: count }, (_, index) => (1 - Math.cos((Math.PI * (index + 1)) / count)) / 2);
  }

  /** What is shown from a new instruction to the first movement. @param {Performance} performance */
  function reactions({ fps, reactionMs }) {
    let count = 0;
    /** @param {Generator<number, never>} meanwhile */
    return function* react(meanwhile) {
      const share = (count++ * GOLDEN) % 1;
      const ms = reactionMs.least + share * (reactionMs.most - reactionMs.least);
      for (let left = Math.round((ms / 1_000) * fps); left > 0; left -= 1) yield next(meanwhile);
    };
  }

  /** @param {number[]} frames @returns {Generator<number, never>} */
  function* toAndFro(frames) {
    for (;;) {
      yield* frames;
      yield* frames.slice(1, -1).reverse();
      if (frames.length === 0) yield -1;
    }
  }

  /** @template T @param {Generator<T, never>} values */
  function next(values) {
    return values.next().value;
  }
})();
