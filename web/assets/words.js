/**
 * Every sentence that depends on what happens, in one place.
 *
 * @typedef {{title: string, text: string}} Words
 */

/** What to do in each step. Left and right are the person's own. @type {Readonly<Record<string, string>>} */
export const INSTRUCTIONS = Object.freeze({
  framing: "Put your face in the oval",
  "turn-left": "Turn your head left",
  "turn-right": "Turn your head right",
  "turn-up": "Tilt your head up",
  "turn-down": "Tilt your head down",
  nearer: "Move closer",
  farther: "Move back a little",
  light: "Look at the screen",
  hold: "Face forward again",
});

/** What helps with it, where one line is not enough. @type {Readonly<Record<string, string>>} */
export const ADVICE = Object.freeze({
  light: "Keep still while the colours change.",
  nearer: "Until your face fills the oval.",
  farther: "Until your face fits the oval.",
});

/** What helps while the face is brought into the oval, by the way that the person chose. */
export const FRAMING_ADVICE = Object.freeze({
  light: "Make your screen as bright as you can.",
  motion: "",
});

/**
 * What to change, by the code that the server sends. An unknown code shows nothing.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const HINTS = Object.freeze({
  "no-face": "We can't see your face",
  "one-face-only": "Only one person, please",
  "come-closer": "Come a little closer",
  "move-back": "Move back a little",
  "centre-face": "Centre your face",
  "more-light": "Find a brighter place",
  "less-light": "Find softer light",
  "hold-still": "Hold still",
  "look-ahead": "Look straight ahead",
  "turn-more": "Turn a little more",
  "other-way": "The other way",
  "face-the-camera": "Face the camera",
  "keep-going": "Good, keep going",
});

/** Why the person waits. */
export const WAITS = Object.freeze({
  connecting: { title: "One moment", text: "Connecting…" },
  reconnecting: { title: "One moment", text: "Connection lost, trying again." },
  computing: { title: "One moment", text: "Looking at your pictures…" },
  busy: { title: "One moment", text: "Many people are here right now. This page tries again by itself." },
  paused: { title: "Paused", text: "The check goes on when you come back to this page." },
  leaving: { title: "One moment", text: "Taking you back…" },
});

/** @type {Words} */
export const CAMERA_REQUEST = Object.freeze({
  title: "Allow the camera",
  text: "Your browser may ask you now. Choose Allow.",
});

/** @type {Readonly<Record<string, Words>>} */
export const DONE = Object.freeze({
  now: { title: "That's it, thank you", text: "Taking you back…" },
  before: { title: "This check is finished", text: "There is nothing more to do here." },
});

/** Why the check stopped and what to do about it, by code. @type {Readonly<Record<string, Words>>} */
export const PROBLEMS = Object.freeze({
  camera_denied: {
    title: "The camera is not allowed",
    text: "Allow the camera for this page in the address bar or in your device's settings, then try again.",
  },
  no_camera: {
    title: "No camera was found",
    text: "Connect a camera, or open the link on a phone or laptop that has one.",
  },
  camera_in_use: {
    title: "The camera did not start",
    text: "Another programme may be using it. Close that programme, then try again.",
  },
  camera_too_small: {
    title: "The camera is too coarse",
    text: "Its pictures are too small. Connect another camera, or open the link on a phone or laptop that has one.",
  },
  camera_stopped: {
    title: "The camera stopped",
    text: "It was unplugged, or turned off for this page. Turn it on, then try again.",
  },
  unsupported_browser: {
    title: "This browser can't be used",
    text: "Open the link in a current version of Safari, Chrome, Firefox or Edge.",
  },

  elsewhere: {
    title: "The check is open elsewhere",
    text: "This link was opened in another window or on another device. You can go on here instead.",
  },
  unreachable: { title: "We can't reach the service", text: "Check that you are online, then try again." },

  expired: { title: "This link has expired", text: "Links work for a few minutes only. Go back to ask for a new one." },
  attempts_exhausted: { title: "No tries are left", text: "Go back to see what you can do next." },
  cancelled: { title: "The check was cancelled", text: "Nothing more happens here." },
  server_error: { title: "Something went wrong", text: "It was not your fault. Go back to see what you can do next." },
  unknown: {
    title: "This link does not work",
    text: "Please ask the site that sent you here for a new link.",
  },
});

/** Why an attempt did not count, by the reason that the server gives. @type {Readonly<Record<string, Words>>} */
export const FAILURES = Object.freeze({
  no_face: { title: "We couldn't see your face", text: "Keep your whole face in the oval, with light from the front." },
  too_many_faces: { title: "More than one face was there", text: "Please be alone in the picture." },
  too_slow: {
    title: "The pictures came too slowly",
    text: "Use a faster connection if you can, and close what else is running.",
  },
  picture_jumped: { title: "The picture jumped", text: "Keep the camera still, and move your head without jerks." },
  time_out: { title: "That took too long", text: "Follow each instruction as soon as it appears." },
  connection_lost: { title: "The connection was lost", text: "Check that you are online, then try again." },
  poor_image: { title: "The picture was not clear", text: "Wipe the camera, find an evenly lit place and hold still." },
  technical: { title: "Something went wrong", text: "It was not your fault. Please try again." },
});

/**
 * How many tries are left, as a sentence.
 *
 * @param {number} count
 */
export function triesLeft(count) {
  return count === 1 ? "You have one try left." : `You have ${count} tries left.`;
}

/**
 * The label of the button that leaves for good.
 *
 * @param {string | null} host
 */
export function returnLabel(host) {
  return host ? `Return to ${host}` : "Go back";
}
