/**
 * Writes down, in the page, when the colour of the whole screen changes: as often as the browser draws, so what was drawn
 * and not what was set. It runs before the page's own scripts.
 */

(() => {
  /** @type {{at: number, colour: string, step: string | null}[]} */
  const seen = [];
  window.seenColours = seen;

  const look = () => {
    const root = document.documentElement;
    const colour = root ? getComputedStyle(root).backgroundColor : "";
    if (colour && colour !== seen.at(-1)?.colour) {
      seen.push({ at: performance.now(), colour, step: root.dataset.step ?? null });
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
