// The built-in head: a clay-like bust made by code. Units: the skull's radius is about 1; it looks along +z.

import { THREE } from "./three.js";

const SKIN = 0xf2c6a5;
const SKIN_SHADE = 0xe3a98a;
const HAIR = 0x3d3350;
const BROW = 0x352b46;
const IRIS = 0x3f8f8a;
const LIPS = 0xcf7a74;
const MOUTH = 0x5c1f2b;
const TONGUE = 0xd9737b;
const CLOTH = 0x4d6fa8;

const EYE = { x: 0.36, y: -0.02, z: 0.66, radius: 0.235 };
const LID_OPEN = 0.62; // radians between the upper lid's edge and straight ahead
const LID_SHUT = -0.3;
const LOWER_LID_OPEN = 0.56;
const LOWER_LID_SHUT = 0.3;
const MOUTH_Y = -0.56;
const MOUTH_COLUMNS = 24;
const MOUTH_ROWS = 6;
const JAW_DROP = 0.17;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const bump = (x, y, cx, cy, width) => Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width * width));

// Where the skin lies in the direction (x, y, z), a unit vector.
function skull(x, y, z) {
  const low = Math.max(0, -y - 0.05);
  const narrowing = 1 - 0.36 * low ** 1.7;
  const front = Math.max(0, z);
  let px = x * 0.93 * narrowing;
  let py = y * (y < 0 ? 1.06 : 1.1);
  let pz = z * (z < 0 ? 1.02 : 0.93) * (1 - 0.1 * low);
  pz += front * 0.06 * bump(px, py, 0, -0.95, 0.22); // chin
  pz += front * 0.05 * (bump(px, py, 0.42, -0.38, 0.22) + bump(px, py, -0.42, -0.38, 0.22)); // cheeks
  pz -= front * 0.07 * (bump(px, py, EYE.x, EYE.y, 0.2) + bump(px, py, -EYE.x, EYE.y, 0.2)); // sockets
  pz += front * 0.13 * bump(px * 1.15, py, 0, -0.3, 0.085); // tip of the nose
  pz += front * 0.05 * bump(px * 1.7, (py + 0.16) * 0.45, 0, 0, 0.09); // its bridge
  pz += front * 0.045 * bump(px * 0.7, py, 0, MOUTH_Y, 0.13); // lips rest on this
  return [px, py, pz];
}

// The skin's z at (x, y) on the front, found by moving along the sphere.
function skinZ(x, y) {
  let [u, v] = [x, y];
  for (let i = 0; i < 6; i++) {
    const [px, py] = skull(u, v, Math.sqrt(Math.max(0.02, 1 - u * u - v * v)));
    u = clamp(u + (x - px), -0.95, 0.95);
    v = clamp(v + (y - py), -0.95, 0.95);
  }
  return skull(u, v, Math.sqrt(Math.max(0.02, 1 - u * u - v * v)))[2];
}

function sculpt(geometry, shape) {
  const position = geometry.attributes.position;
  for (let i = 0; i < position.count; i++) {
    position.setXYZ(i, ...shape(position.getX(i), position.getY(i), position.getZ(i)));
  }
  geometry.computeVertexNormals();
  return geometry;
}

function clay(color, roughness = 0.72) {
  return new THREE.MeshStandardMaterial({ color, roughness, metalness: 0 });
}

function mesh(geometry, material, position = [0, 0, 0], parent = null) {
  const made = new THREE.Mesh(geometry, material);
  made.position.set(...position);
  parent?.add(made);
  return made;
}

export class BuiltInHead {
  constructor() {
    this.title = "";
    this.object = new THREE.Group();
    this.head = new THREE.Group();
    this.head.rotation.order = "ZYX";
    const skin = clay(SKIN);
    this._body();
    this.object.add(this.head);
    this._skull(skin);
    this._hair();
    this.eyes = { left: this._eye(1), right: this._eye(-1) };
    this.brows = { left: this._brow(1), right: this._brow(-1) };
    this._mouth();
    this.weights = {};
  }

  _body() {
    const neck = mesh(new THREE.CylinderGeometry(0.31, 0.4, 0.9, 32), clay(SKIN_SHADE), [0, -1.16, -0.14], this.object);
    this.neck = neck;
    const shoulders = sculpt(new THREE.SphereGeometry(1, 48, 32), (x, y, z) => {
      const slope = 1 - 0.16 * Math.abs(x) ** 1.6;
      return [Math.sign(x) * Math.abs(x) ** 0.82 * 1.5, y * 0.85 * slope, z * 0.66];
    });
    mesh(shoulders, clay(CLOTH, 0.9), [0, -2.2, -0.16], this.object);
    const collar = mesh(new THREE.TorusGeometry(0.47, 0.1, 16, 48), clay(0x3f5d90, 0.9), [0, -1.43, -0.13], this.object);
    collar.rotation.x = Math.PI / 2 - 0.12;
  }

  _skull(skin) {
    const geometry = sculpt(new THREE.SphereGeometry(1, 96, 72), skull);
    const dropped = geometry.clone();
    sculpt(dropped, (x, y, z) => [x, y - JAW_DROP * jawShare(y) * THREE.MathUtils.smoothstep(z, -0.5, 0.2), z]);
    geometry.morphAttributes.position = [dropped.attributes.position];
    geometry.morphAttributes.normal = [dropped.attributes.normal];
    this.skin = mesh(geometry, skin, [0, 0, 0], this.head);
    for (const side of [1, -1]) {
      const ear = mesh(new THREE.SphereGeometry(0.2, 24, 20), skin, [side * 0.93, -0.12, -0.06], this.head);
      ear.scale.set(0.45, 1.15, 0.8);
      ear.rotation.z = side * -0.14;
      const inner = mesh(new THREE.SphereGeometry(0.12, 20, 16), clay(SKIN_SHADE), [side * 0.985, -0.12, 0.02], this.head);
      inner.scale.set(0.35, 1.1, 0.75);
      const blush = new THREE.MeshStandardMaterial({
        color: 0xe88f80, transparent: true, opacity: 0.28, roughness: 1, depthWrite: false,
      });
      const cheek = sculpt(new THREE.CircleGeometry(0.17, 32), (x, y) => {
        const [cx, cy] = [side * 0.52 + x, -0.34 + y * 0.62];
        return [cx, cy, skinZ(cx, cy) + 0.012];
      });
      mesh(cheek, blush, [0, 0, 0], this.head);
    }
  }

  _hair() {
    const material = clay(HAIR, 0.6);
    // A cap over the skull that stops at the hairline: lower at the back and the sides, high on the forehead.
    const cap = new THREE.SphereGeometry(1, 96, 72);
    const hairline = (x, z) => (z > 0 ? 0.42 + 0.1 * (1 - Math.abs(x)) - 0.78 * (1 - z) ** 1.5 : -0.62);
    sculpt(cap, (x, y, z) => {
      const [px, py, pz] = skull(x, y, z);
      const edge = THREE.MathUtils.smoothstep(y - hairline(x, z), -0.12, 0.2);
      const thick = 1 - 0.06 + 0.18 * edge; // it dives under the skin at the hairline
      return [px * thick, py * thick + 0.03 * edge, pz * thick];
    });
    mesh(cap, material, [0, 0, 0], this.head);
    // A fringe of locks, swept to one side.
    const locks = [
      [-0.66, 0.5, 0.62, 0.46, -0.5], [-0.42, 0.54, 0.78, 0.5, -0.36], [-0.15, 0.56, 0.87, 0.48, -0.26],
      [0.13, 0.58, 0.87, 0.44, -0.2], [0.39, 0.56, 0.79, 0.42, 0.28], [0.63, 0.5, 0.63, 0.46, 0.48],
      [0.84, 0.26, 0.36, 0.5, 0.16], [-0.84, 0.26, 0.36, 0.5, -0.16],
    ];
    for (const [x, y, z, length, lean] of locks) {
      const lock = sculpt(new THREE.SphereGeometry(1, 24, 24), (sx, sy, sz) => {
        const taper = 0.35 + 0.65 * (sy * 0.5 + 0.5) ** 0.7;
        return [sx * 0.17 * taper + 0.08 * (1 - sy) ** 2 * Math.sign(lean) * 0.5, sy * length * 0.5, sz * 0.1 * taper];
      });
      const made = mesh(lock, material, [x, y, z], this.head);
      made.rotation.order = "YXZ";
      made.rotation.set(-0.42, Math.atan2(x, z), lean * 0.7);
    }
  }

  _eye(side) {
    const group = new THREE.Group();
    group.position.set(side * EYE.x, EYE.y, EYE.z);
    group.rotation.y = side * 0.16; // eyes sit on a round face
    group.scale.z = 0.9;
    this.head.add(group);

    const ball = new THREE.Group();
    const white = new THREE.MeshStandardMaterial({ color: 0xfbfaf6, roughness: 0.35 });
    mesh(new THREE.SphereGeometry(EYE.radius, 48, 36), white, [0, 0, 0], ball);
    const cap = (radius, angle, color, lift) => {
      const geometry = new THREE.SphereGeometry(radius + lift, 40, 12, 0, Math.PI * 2, 0, angle);
      geometry.rotateX(Math.PI / 2); // the pole looks along +z
      return mesh(geometry, new THREE.MeshStandardMaterial({ color, roughness: 0.3 }), [0, 0, 0], ball);
    };
    cap(EYE.radius, 0.62, 0x245a5a, 0.003);
    cap(EYE.radius, 0.55, IRIS, 0.005);
    cap(EYE.radius, 0.28, 0x14181c, 0.007);
    group.add(ball);
    // The light in the eye stays where the lamp is while the eye turns.
    const glint = new THREE.MeshBasicMaterial({ color: 0xffffff });
    const glints = [
      mesh(new THREE.SphereGeometry(0.034, 16, 12), glint, [-0.075, 0.08, EYE.radius * 0.9], group),
      mesh(new THREE.SphereGeometry(0.016, 12, 10), glint, [0.075, -0.07, EYE.radius * 0.94], group),
    ];

    const lidSkin = clay(0xeebd9b, 0.75);
    lidSkin.side = THREE.DoubleSide;
    const lid = (from, length) => {
      const pivot = new THREE.Group();
      mesh(new THREE.SphereGeometry(EYE.radius * 1.07, 40, 20, 0, Math.PI * 2, from, length), lidSkin, [0, 0, 0], pivot);
      group.add(pivot);
      return pivot;
    };
    const upper = lid(0, Math.PI / 2);
    const lower = lid(Math.PI / 2, Math.PI / 2);
    const lash = new THREE.TorusGeometry(EYE.radius * 1.075, 0.017, 10, 48, Math.PI);
    lash.rotateX(Math.PI / 2);
    mesh(lash, clay(BROW, 0.6), [0, 0, 0], upper);
    return { group, ball, glints, upper, lower };
  }

  _brow(side) {
    const pivot = new THREE.Group();
    pivot.position.set(side * EYE.x, 0, 0);
    this.head.add(pivot);
    const points = [];
    for (let i = 0; i <= 6; i++) {
      const t = i / 6 - 0.5;
      points.push(new THREE.Vector3(t * 0.46 * side, -0.16 * t * t - 0.015 * t, -0.16 * Math.abs(t) ** 1.5 - 0.05 * t));
    }
    const curve = new THREE.CatmullRomCurve3(points);
    const tube = new THREE.TubeGeometry(curve, 32, 0.036, 12, false);
    const position = tube.attributes.position;
    // Thinner towards the temple, rounded at both ends.
    for (let ring = 0; ring <= 32; ring++) {
      const centre = curve.getPointAt(ring / 32);
      const t = ring / 32;
      const thin = Math.sqrt(Math.max(0.02, Math.min(1, t * 8) * Math.min(1, (1 - t) * 4))) * (1.15 - 0.5 * t);
      for (let i = 0; i <= 12; i++) {
        const at = ring * 13 + i;
        position.setXYZ(
          at,
          centre.x + (position.getX(at) - centre.x) * thin,
          centre.y + (position.getY(at) - centre.y) * thin,
          centre.z + (position.getZ(at) - centre.z) * thin,
        );
      }
    }
    tube.computeVertexNormals();
    mesh(tube, clay(BROW, 0.7), [0, 0, 0], pivot);
    return pivot;
  }

  _mouth() {
    // Rows of points between the upper and the lower lip, rebuilt with each frame: a band for each lip, the dark inside,
    // teeth and tongue.
    const strip = (color, roughness = 0.6) => {
      const geometry = new THREE.BufferGeometry();
      const count = (MOUTH_COLUMNS + 1) * (MOUTH_ROWS + 1);
      geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(count * 3), 3));
      geometry.setAttribute("normal", new THREE.BufferAttribute(new Float32Array(count * 3), 3));
      const index = [];
      for (let i = 0; i < MOUTH_COLUMNS; i++) {
        for (let j = 0; j < MOUTH_ROWS; j++) {
          const a = i * (MOUTH_ROWS + 1) + j;
          index.push(a, a + 1, a + MOUTH_ROWS + 1, a + MOUTH_ROWS + 1, a + 1, a + MOUTH_ROWS + 2);
        }
      }
      geometry.setIndex(index);
      const material = clay(color, roughness);
      material.side = THREE.DoubleSide;
      const made = mesh(geometry, material, [0, 0, 0], this.head);
      made.frustumCulled = false;
      return made;
    };
    this.mouth = {
      inside: strip(MOUTH, 0.9), tongue: strip(TONGUE), teeth: strip(0xf7f3ec, 0.4), upper: strip(LIPS), lower: strip(LIPS),
    };
  }

  /** Take the pose and face of `expression`. */
  show(expression) {
    this.head.quaternion.set(...expression.quaternion);
    // The neck follows half way, so that the head does not turn on a stick.
    this.neck.quaternion.set(0, 0, 0, 1).slerp(this.head.quaternion, 0.25);
    for (const name of ["left", "right"]) this._showSide(name, expression[name]);
    this._showMouth(expression);
    this.weights = {
      blinkLeft: expression.left.blink, blinkRight: expression.right.blink, mouthOpen: expression.mouthOpen,
    };
  }

  _showSide(name, values) {
    const side = name === "left" ? 1 : -1;
    const { group, ball, glints, upper, lower } = this.eyes[name];
    const radians = Math.PI / 180;
    ball.rotation.set(
      -clamp(values.lookY, -25, 25) * radians, clamp(values.lookX, -32, 32) * radians - group.rotation.y, 0, "YXZ",
    );
    glints.forEach((glint, i) => (glint.visible = values.blink < (i ? 0.7 : 0.3))); // lids would not cover them
    // Lids follow a look up or down a little, as real ones do.
    const follow = clamp(values.lookY, -25, 25) * radians * 0.45 * (1 - values.blink);
    const open = LID_OPEN + 0.22 * values.wide + follow;
    upper.rotation.x = -(open + (LID_SHUT - open) * values.blink);
    lower.rotation.x = LOWER_LID_OPEN + (LOWER_LID_SHUT - LOWER_LID_OPEN) * values.blink - follow * 0.3;
    const brow = this.brows[name];
    const y = 0.36 + 0.13 * values.browUp - 0.025 * values.blink;
    brow.position.set(side * EYE.x, y, skinZ(EYE.x, y) + 0.045);
    brow.rotation.z = side * (-0.42 * values.browSteep - 0.06);
    brow.rotation.y = side * 0.28;
  }

  _showMouth({ left, right, mouthOpen, mouthWide }) {
    const open = clamp((mouthOpen - 0.06) / 0.94, 0, 1) ** 0.85; // lips that nearly touch are closed
    const pressed = clamp(-mouthOpen, 0, 1);
    const width = 0.25 + 0.07 * mouthWide - 0.045 * open * (1 - clamp(mouthWide, 0, 1));
    const half = {
      left: clamp(width + 0.04 * left.cornerOut + 0.035 * Math.max(0, left.corner), 0.1, 0.4),
      right: clamp(width + 0.04 * right.cornerOut + 0.035 * Math.max(0, right.corner), 0.1, 0.4),
    };
    const lip = 0.05 * (1 - 0.45 * pressed) * (1 + 0.35 * clamp(-mouthWide, 0, 1));
    const row = { top: [], upper: [], lower: [], bottom: [] };
    for (let i = 0; i <= MOUTH_COLUMNS; i++) {
      const u = (i / MOUTH_COLUMNS) * 2 - 1;
      const side = u < 0 ? "right" : "left";
      const corner = (u < 0 ? right.corner : left.corner) * 0.1;
      const x = u * half[side];
      const arch = 1 - u * u;
      const round = Math.sqrt(Math.max(0, arch));
      const line = MOUTH_Y + corner * u * u - 0.02 * arch;
      const gap = 0.36 * open * round;
      const bow = 0.016 * (Math.exp(-(((u - 0.2) / 0.16) ** 2)) + Math.exp(-(((u + 0.2) / 0.16) ** 2)));
      row.upper.push([x, line + gap * 0.22]);
      row.lower.push([x, line - gap * 0.78]);
      row.top.push([x * 1.05, line + gap * 0.22 + lip * 0.75 * round ** 1.2 + bow]);
      row.bottom.push([x * 1.05, line - gap * 0.78 - lip * 1.1 * round ** 1.1]);
    }
    const middle = MOUTH_COLUMNS / 2;
    const height = row.upper[middle][1] - row.lower[middle][1];
    const teeth = row.upper.map(([x, y], i) => [x, Math.max(y - 0.06 * open, row.lower[i][1])]);
    const tongue = row.lower.map(([x, y], i) => {
      const u = (i / MOUTH_COLUMNS) * 2 - 1;
      return [x, Math.min(y + height * 0.38 * Math.max(0, 1 - (u / 0.75) ** 2), row.upper[i][1])];
    });
    const drop = JAW_DROP * open;
    this.skin.morphTargetInfluences[0] = open;
    fillStrip(this.mouth.upper, row.top, row.upper, 0.004, 0.012, drop, 0.03);
    fillStrip(this.mouth.lower, row.lower, row.bottom, 0.012, 0.004, drop, 0.036);
    fillStrip(this.mouth.inside, row.upper, row.lower, 0.012, 0.012, drop);
    fillStrip(this.mouth.teeth, row.upper, teeth, 0.016, 0.016, drop);
    fillStrip(this.mouth.tongue, tongue, row.lower, 0.018, 0.018, drop);
  }

  /** What the camera should look at. */
  frame() {
    return { centre: new THREE.Vector3(0, -0.32, 0), height: 3.5 };
  }

  dispose() {
    this.object.traverse((child) => {
      child.geometry?.dispose();
      child.material?.dispose();
    });
  }
}

// How much of the jaw's drop a point at height y takes part in: none at the upper lip, all of it at the chin.
function jawShare(y) {
  return THREE.MathUtils.smoothstep(-y, -MOUTH_Y - 0.02, 0.92);
}

// Lay a band between two rows of (x, y) onto the skin with the jaw dropped by `drop`, lifted by so much at its upper and
// lower edge and by `bulge` in between.
function fillStrip(strip, above, below, liftAbove, liftBelow, drop, bulge = 0) {
  const position = strip.geometry.attributes.position;
  above.forEach(([x, y], i) => {
    const [bx, by] = below[i];
    for (let j = 0; j <= MOUTH_ROWS; j++) {
      const t = j / MOUTH_ROWS;
      const [px, py] = [x + (bx - x) * t, y + (by - y) * t];
      const lift = liftAbove + (liftBelow - liftAbove) * t + bulge * 4 * t * (1 - t);
      position.setXYZ(i * (MOUTH_ROWS + 1) + j, px, py, skinZ(px, py + drop * jawShare(py)) + lift);
    }
  });
  position.needsUpdate = true;
  strip.geometry.computeVertexNormals();
}
