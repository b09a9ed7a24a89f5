// The 2D view: the points as the tracker sees them, over the camera's picture when that was asked for.

import { headQuaternion } from "./frame.js";

const CHAINS = [
  range(0, 17), range(17, 22), range(22, 27), range(27, 31), range(31, 36),
  [...range(36, 42), 36], [...range(42, 48), 42],
  [58, ...range(48, 53), 62, ...range(53, 58), 58], [58, ...range(59, 62), 62, 65, 64, 63, 58],
];
const LANDMARKS = 66;
const GAZE_LENGTH = 0.22; // of the outer eyes' distance
const ROOM = 1.7; // how much more than the faces is shown when there is no picture
const FOLLOW = 0.15; // share of the way that the section moves with each frame

function range(from, to) {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

export class FaceView {
  constructor(canvas) {
    this._canvas = canvas;
    this._context = canvas.getContext("2d");
    this._frame = null;
    this._picture = null;
    this._mirrored = true;
    this._section = null;
    this._waiting = false;
    new ResizeObserver(() => this.draw()).observe(canvas);
    document.addEventListener("themechange", () => this.draw());
  }

  /** frame: as `readFrame` gives it, or null for none. mirrored: flip it left to right. */
  show(frame, mirrored) {
    this._frame = frame;
    if (frame) this._section = follow(this._section, facesBox(frame.faces));
    else this._section = null;
    this._mirrored = mirrored;
    this.draw();
  }

  /** Draw `bitmap` (ImageBitmap or null) behind the points from now on. */
  setPicture(bitmap) {
    this._picture?.close();
    this._picture = bitmap;
    this.draw();
  }

  get hasPicture() {
    return this._picture !== null;
  }

  /** Draw soon; many calls make one drawing. */
  draw() {
    if (this._waiting) return;
    this._waiting = true;
    requestAnimationFrame(() => {
      this._waiting = false;
      this._draw();
    });
  }

  _draw() {
    const canvas = this._canvas;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = this._context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const faces = this._frame?.faces ?? [];
    const size = faces[0] ?? (this._picture && { width: this._picture.width, height: this._picture.height });
    if (!size) return;
    // The whole picture, or without one the part that the faces are in.
    const shown = this._picture ? { x: size.width / 2, y: size.height / 2, ...size } : this._section;
    const scale = Math.min(width / shown.width, height / shown.height);
    context.translate(width / 2, height / 2);
    context.scale(this._mirrored ? -scale : scale, scale);
    context.translate(-shown.x, -shown.y);
    if (this._picture) context.drawImage(this._picture, 0, 0, size.width, size.height);
    const colours = getComputedStyle(document.documentElement);
    const line = this._picture ? "#ffffff" : colours.getPropertyValue("--soft");
    const strong = this._picture ? "#7fe0ff" : colours.getPropertyValue("--accent");
    const pixel = ratio / scale;
    for (const face of faces) drawFace(context, face, pixel, line, strong, this._picture ? 1.2 : 1.9);
  }
}

// The section around all faces: its middle and size.
function facesBox(faces) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points } of faces) {
    for (let i = 0; i < LANDMARKS; i++) {
      left = Math.min(left, points[2 * i]);
      right = Math.max(right, points[2 * i]);
      top = Math.min(top, points[2 * i + 1]);
      bottom = Math.max(bottom, points[2 * i + 1]);
    }
  }
  const size = Math.max(right - left, bottom - top, 1) * ROOM;
  const width = faces.length > 1 ? (right - left) * ROOM : size;
  return { x: (left + right) / 2, y: (top + bottom) / 2, width, height: size };
}

function follow(section, box) {
  if (!section) return box;
  const part = (key) => section[key] + (box[key] - section[key]) * FOLLOW;
  return { x: part("x"), y: part("y"), width: part("width"), height: part("height") };
}

function drawFace(context, face, pixel, line, strong, dot) {
  const { points, pointConfidence } = face;
  const at = (i) => [points[2 * i], points[2 * i + 1]];
  context.lineWidth = 0.7 * dot * pixel;
  context.lineJoin = "round";
  context.strokeStyle = line;
  context.globalAlpha = 0.75;
  context.beginPath();
  for (const chain of CHAINS) {
    chain.forEach((i, place) => (place ? context.lineTo(...at(i)) : context.moveTo(...at(i))));
  }
  context.stroke();
  // A doubtful point is faint.
  context.fillStyle = strong;
  for (let i = 0; i < LANDMARKS; i++) {
    context.globalAlpha = 0.25 + 0.75 * (pointConfidence[i] / 255);
    context.beginPath();
    context.arc(...at(i), dot * pixel, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
  const [right, left] = [at(36), at(45)];
  const length = Math.hypot(left[0] - right[0], left[1] - right[1]) * GAZE_LENGTH;
  context.strokeStyle = context.fillStyle = strong;
  context.lineWidth = 1.2 * dot * pixel;
  for (const [pupil, gaze, open] of [[66, face.gaze.right, face.rightOpen], [67, face.gaze.left, face.leftOpen]]) {
    if (pointConfidence[pupil] === 0) continue; // the look is not followed
    const [x, y] = at(pupil);
    context.globalAlpha = 0.3 + 0.7 * open;
    context.beginPath();
    context.arc(x, y, 1.7 * dot * pixel, 0, 2 * Math.PI);
    context.fill();
    if (!face.hasPose) continue;
    const [dx, dy] = lookInPicture(gaze, face);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + dx * length * 2, y + dy * length * 2);
    context.stroke();
  }
  context.globalAlpha = 1;
}

// A look, given in the head, as it shows in the picture: turned with the head. See docs/PROTOCOL.md for the axes.
function lookInPicture([gx, gy, gz], { quaternion }) {
  const [qx, qy, qz, qw] = headQuaternion(quaternion, true); // R, in the camera's axes
  const norm = Math.hypot(gx, gy, gz) || 1;
  // The head's axes are those of -R, and the wire has y and z of the head negated.
  const [vx, vy, vz] = [-gx / norm, gy / norm, gz / norm];
  const [tx, ty, tz] = [2 * (qy * vz - qz * vy), 2 * (qz * vx - qx * vz), 2 * (qx * vy - qy * vx)];
  return [vx + qw * tx + qy * tz - qz * ty, vy + qw * ty + qz * tx - qx * tz];
}
