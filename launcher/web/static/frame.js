// Reads what launcher/web/frames.py packs, and turns the wire's axes into those of a face that looks at the viewer.

export const FRAME = 1;
export const PICTURE = 2;

const HEADER_BYTES = 12;
const FACE_BYTES = 580;
const POINTS = 68;
const POINT_SCALE = 8;
const COEFFICIENTS = 52;
const WITH_COEFFICIENTS = 1;

/** One message: { received, latencyMs, faces: [...] }. */
export function readFrame(buffer) {
  const view = new DataView(buffer);
  const faces = [];
  const known = Boolean(view.getUint16(2, true) & WITH_COEFFICIENTS);
  for (let i = 0; i < view.getUint8(1); i++) {
    faces.push(readFace(buffer, HEADER_BYTES + i * FACE_BYTES, known));
  }
  return { received: view.getUint32(4, true), latencyMs: view.getFloat32(8, true), faces };
}

function readFace(buffer, start, known) {
  const view = new DataView(buffer, start, FACE_BYTES);
  let at = 0;
  const float = () => view.getFloat32((at += 4) - 4, true);
  const floats = (count) => Array.from({ length: count }, float);
  const id = view.getInt32((at += 4) - 4, true);
  const [width, height] = floats(2);
  const fitError = float();
  const [rightOpen, leftOpen] = floats(2);
  const quaternion = floats(4);
  const translation = floats(3);
  const confidence = float();
  const gaze = { right: floats(3), left: floats(3) };
  const features = floats(14);
  const points = new Float32Array(POINTS * 2);
  for (let i = 0; i < points.length; i++, at += 2) {
    points[i] = view.getInt16(at, true) / POINT_SCALE;
  }
  const pointConfidence = new Uint8Array(buffer, start + at, POINTS);
  // ARKit's, in the order of avatar/arkit.js; null where the tracker sends none.
  const shares = (from) => (known ? Array.from(new Uint8Array(buffer, from, COEFFICIENTS), (value) => value / 255) : null);
  const coefficients = shares(start + at + POINTS);
  const measured = shares(start + at + POINTS + COEFFICIENTS); // before the sensitivity
  return {
    id, width, height, hasPose: fitError >= 0, fitError, rightOpen, leftOpen, quaternion, translation, confidence,
    gaze, features, points, pointConfidence, coefficients, measured,
  };
}

/**
 * The head's turn as a quaternion [x, y, z, w] in the viewer's axes: x right, y up, z towards the viewer.
 *
 * The wire's quaternion is half a turn about (1, 1, 0) away from the head's in the camera's axes (docs/PROTOCOL.md).
 * Seen as in a mirror, the viewer's axes are the camera's, all three negated, which leaves a rotation as it is.
 */
export function headQuaternion([x, y, z, w], mirrored) {
  const turn = [(w - z) * Math.SQRT1_2, (z + w) * Math.SQRT1_2, (x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2];
  return mirrored ? turn : [turn[0], -turn[1], -turn[2], turn[3]];
}

/** Degrees: pitch + nods down, yaw + turns to the viewer's right, roll + tips the top of the head to the left. */
export function eulerDegrees([x, y, z, w]) {
  const degrees = 180 / Math.PI;
  return {
    pitch: Math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y)) * degrees,
    yaw: Math.asin(Math.max(-1, Math.min(1, 2 * (w * y - z * x)))) * degrees,
    roll: Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)) * degrees,
  };
}
