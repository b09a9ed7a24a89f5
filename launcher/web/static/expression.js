// From a face's record to what an avatar can show. All sides here are the avatar's own, which looks at the viewer.

import { ARKIT_NAMES, otherSide } from "./avatar/arkit.js";
import { headQuaternion } from "./frame.js";

// Features by the place they have on the wire: left is the subject's left.
const FEATURES = {
  left: { eye: 0, steepness: 2, upDown: 3, quirk: 4, cornerUpDown: 8, cornerInOut: 9 },
  right: { eye: 1, steepness: 5, upDown: 6, quirk: 7, cornerUpDown: 10, cornerInOut: 11 },
};
const MOUTH_OPEN = 12;
const MOUTH_WIDE = 13;

// How far an eye must close before the avatar's lids follow, and where they count as shut.
const LIDS_OPEN = 0.85;
const LIDS_SHUT = 0.15;
const LOOK_LIMIT_DEG = 30; // ARKit's look shapes are full at about this angle

const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));

/**
 * What to show for `face`. mirrored: the avatar's left is the user's right, as in a mirror.
 *
 * Returns { quaternion, position, hasPose, left, right, mouthOpen, mouthWide } where a side has blink, wide (0 to 1),
 * browUp, browSteep, corner (-1 down to 1 smile), cornerOut, lookX (degrees, + to the viewer's right) and lookY
 * (degrees, + up). arkit: the tracker's 52 coefficients by name, or null where it sends none.
 */
export function readExpression(face, mirrored) {
  const own = { left: mirrored ? "right" : "left", right: mirrored ? "left" : "right" };
  const [up, imageLeft, nearer] = face.translation;
  return {
    hasPose: face.hasPose,
    quaternion: face.hasPose ? headQuaternion(face.quaternion, mirrored) : [0, 0, 0, 1],
    position: [mirrored ? imageLeft : -imageLeft, up, nearer],
    left: side(face, own.left, mirrored),
    right: side(face, own.right, mirrored),
    mouthOpen: clamp(face.features[MOUTH_OPEN], -1),
    mouthWide: clamp(face.features[MOUTH_WIDE], -1),
    arkit: face.coefficients ? named(face.coefficients, mirrored) : null,
  };
}

const named = (coefficients, mirrored) =>
  Object.fromEntries(ARKIT_NAMES.map((name, i) => [mirrored ? otherSide(name) : name, coefficients[i]]));

/** Nobody there: eyes open, straight ahead. */
export function restExpression() {
  const rest = () => ({ blink: 0, wide: 0, browUp: 0, browSteep: 0, corner: 0.15, cornerOut: 0, lookX: 0, lookY: 0 });
  return {
    hasPose: false, quaternion: [0, 0, 0, 1], position: null, left: rest(), right: rest(), mouthOpen: 0, mouthWide: 0,
    arkit: null,
  };
}

function side(face, subject, mirrored) {
  const index = FEATURES[subject];
  const feature = (name) => clamp(face.features[index[name]], -1);
  const open = subject === "left" ? face.leftOpen : face.rightOpen;
  const [x, y, z] = face.gaze[subject]; // to the subject's right, down, into the head
  const degrees = 180 / Math.PI;
  const toSubjectsRight = face.hasPose ? Math.atan2(x, -z) * degrees : 0;
  return {
    blink: clamp((LIDS_OPEN - open) / (LIDS_OPEN - LIDS_SHUT)),
    wide: clamp(feature("eye")),
    browUp: feature("upDown"),
    browSteep: feature("steepness"),
    corner: -feature("cornerUpDown"),
    cornerOut: feature("cornerInOut"),
    // The subject's right is on the viewer's right in a mirror, and on the left when face to face.
    lookX: mirrored ? toSubjectsRight : -toSubjectsRight,
    lookY: face.hasPose ? -Math.atan2(y, Math.hypot(x, z)) * degrees : 0,
  };
}

/** VRM's preset expressions, 0 to 1, by VRM 1's names. The looks are left to the avatar's own look-at settings. */
export function vrmWeights(expression) {
  const { open, wide, narrow } = mouthOf(expression);
  return {
    blinkLeft: expression.left.blink,
    blinkRight: expression.right.blink,
    aa: open * (1 - Math.max(wide, narrow)),
    ee: open * wide,
    ih: (1 - open) * wide * 0.5,
    oh: open * narrow,
    ou: (1 - open) * narrow * 0.8,
  };
}

// How far a mouth is open, spread and rounded, each 0 to 1.
function mouthOf({ arkit, mouthOpen, mouthWide }) {
  if (!arkit) return { open: clamp(mouthOpen), wide: clamp(mouthWide), narrow: clamp(-mouthWide) };
  const mean = (name) => (arkit[`${name}Left`] + arkit[`${name}Right`]) / 2;
  const narrow = clamp(Math.max(arkit.mouthFunnel, arkit.mouthPucker));
  return {
    open: clamp(arkit.jawOpen * 1.4), narrow, wide: clamp(Math.max(mean("mouthStretch"), mean("mouthSmile") * 0.6) - narrow),
  };
}

/** ARKit's shapes: the tracker's coefficients, or what 14 features, two pupils and two lids can tell of them. */
export function arkitWeights(expression) {
  const { arkit, left, right } = expression;
  // Lids that are nearly shut are shut: the coefficients follow the openness as measured.
  if (arkit) return { ...arkit, eyeBlinkLeft: left.blink, eyeBlinkRight: right.blink };
  const weights = {
    jawOpen: clamp(expression.mouthOpen) * 0.8,
    mouthFunnel: clamp(-expression.mouthWide) * clamp(expression.mouthOpen),
    mouthPucker: clamp(-expression.mouthWide) * (1 - clamp(expression.mouthOpen)),
    mouthClose: 0,
  };
  let innerUp = 0;
  for (const [name, values] of [["Left", expression.left], ["Right", expression.right]]) {
    const toward = name === "Left" ? values.lookX : -values.lookX; // the avatar's left is the viewer's right
    weights[`eyeBlink${name}`] = values.blink;
    weights[`eyeWide${name}`] = values.wide * (1 - values.blink);
    weights[`eyeLookOut${name}`] = clamp(toward / LOOK_LIMIT_DEG);
    weights[`eyeLookIn${name}`] = clamp(-toward / LOOK_LIMIT_DEG);
    weights[`eyeLookUp${name}`] = clamp(values.lookY / LOOK_LIMIT_DEG);
    weights[`eyeLookDown${name}`] = clamp(-values.lookY / LOOK_LIMIT_DEG);
    weights[`browOuterUp${name}`] = clamp(values.browUp - values.browSteep * 0.5);
    weights[`browDown${name}`] = clamp(-values.browUp);
    weights[`mouthSmile${name}`] = clamp(values.corner);
    weights[`mouthFrown${name}`] = clamp(-values.corner);
    weights[`mouthStretch${name}`] = clamp(values.cornerOut) * 0.5;
    innerUp += clamp(values.browUp + values.browSteep * 0.5) / 2;
  }
  weights.browInnerUp = innerUp;
  return weights;
}
