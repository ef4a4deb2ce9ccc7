/**
 * The camera: asks for it, shows it, and takes single pictures from it.
 */

/** The longer side of a picture that is sent, in pixels; more would only cost the person's data. */
const LONGER_SIDE = 640;
/** The least side of a picture that the service takes. */
const LEAST_SIDE = 240;
const JPEG_QUALITY = 0.85;

/** A camera that is running shows its first picture well within this time. */
const FIRST_PICTURE_MS = 10_000;

/** A camera's name is cut to so many characters; the server takes no more. */
const LONGEST_LABEL = 128;

/** How often to look for a new picture where the browser does not announce them. */
const POLL_MS = 40;

const WANTED = Object.freeze({
  video: {
    facingMode: "user",
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30 },
  },
  audio: false,
});

/** A camera that cannot be used, with the key of the words that say why. */
export class CameraError extends Error {
  /** @param {"camera_denied" | "no_camera" | "camera_in_use" | "camera_too_small" | "unsupported_browser"} problem */
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

/** A running camera. */
export class Camera {
  #stream;
  #video;
  #canvas = document.createElement("canvas");

  /**
   * @param {MediaStream} stream
   * @param {HTMLVideoElement} video
   */
  constructor(stream, video) {
    this.#stream = stream;
    this.#video = video;
  }

  /**
   * Calls back when the camera ends by itself: unplugged, or no longer allowed.
   *
   * @param {() => void} callback
   */
  onEnded(callback) {
    for (const track of this.#stream.getTracks()) {
      track.addEventListener("ended", callback, { once: true });
    }
  }

  /**
   * What the browser says of the camera, for the server.
   *
   * @returns {import("./socket.js").CameraSettings}
   */
  describe() {
    const [track] = this.#stream.getVideoTracks();
    const { width, height, frameRate } = track?.getSettings() ?? {};
    return {
      label: [...(track?.label ?? "").replace(/\p{Cc}/gu, "")].slice(0, LONGEST_LABEL).join(""),
      width: Math.round(width || this.#video.videoWidth),
      height: Math.round(height || this.#video.videoHeight),
      frame_rate: frameRate || null,
    };
  }

  /** Plays on after the browser paused the preview, as phones do for hidden pages. */
  resume() {
    playQuietly(this.#video);
  }

  /** Turns the camera off. */
  stop() {
    for (const track of this.#stream.getTracks()) track.stop();
    this.#video.srcObject = null;
  }

  /** Resolves when there is a new picture to take. @returns {Promise<void>} */
  nextPicture() {
    return new Promise((resolve) => {
      if ("requestVideoFrameCallback" in this.#video) {
        this.#video.requestVideoFrameCallback(() => resolve());
      } else {
        setTimeout(resolve, POLL_MS);
      }
    });
  }

  /**
   * Takes the current picture, as the camera sees it: not mirrored.
   *
   * @returns {Promise<Blob | null>} a JPEG, or null where there is no picture yet
   */
  takePicture() {
    const { width, height } = sent(this.#video);
    if (width === 0 || height === 0) return Promise.resolve(null);

    // Setting a canvas's size clears and reallocates it, so only when a turned phone changes it.
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;

    this.#canvas.getContext("2d")?.drawImage(this.#video, 0, 0, width, height);
    return new Promise((resolve) => this.#canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  }
}

/**
 * Asks for the camera and shows it in the video element.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<Camera>}
 * @throws {CameraError}
 */
export async function openCamera(video) {
  if (!navigator.mediaDevices?.getUserMedia || !("WebSocket" in window)) {
    throw new CameraError("unsupported_browser");
  }
  const stream = await askForCamera();
  const camera = new Camera(stream, video);
  try {
    video.srcObject = stream;
    playQuietly(video);
    await firstPicture(video);
    const { width, height } = sent(video);
    if (Math.min(width, height) < LEAST_SIDE) throw new CameraError("camera_too_small");
    return camera;
  } catch (error) {
    camera.stop();
    throw error;
  }
}

/** @returns {Promise<MediaStream>} */
async function askForCamera() {
  try {
    return await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    throw new CameraError(problemOf(error));
  }
}

/** @param {unknown} error */
function problemOf(error) {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "camera_denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "no_camera";
    default:
      return "camera_in_use";
  }
}

/** The size in which its pictures are sent. @param {HTMLVideoElement} video */
function sent({ videoWidth, videoHeight }) {
  const scale = Math.min(1, LONGER_SIDE / Math.max(videoWidth, videoHeight, 1));
  return { width: Math.round(videoWidth * scale), height: Math.round(videoHeight * scale) };
}

/** @param {HTMLVideoElement} video */
function playQuietly(video) {
  // The element plays by itself; a refused play() says nothing that the first picture does not.
  video.play().catch(() => {});
}

/**
 * Resolves when the video shows something.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<void>}
 */
function firstPicture(video) {
  if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CameraError("camera_in_use")), FIRST_PICTURE_MS);
    video.addEventListener(
      "loadeddata",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
