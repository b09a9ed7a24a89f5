// The 3D view: one canvas, one avatar, a camera that goes round it. It draws as often as the screen shows pictures
// while anything moves, and not at all otherwise.

import { OrbitControls, THREE } from "../three.js";
import { setToonLight, toonLight } from "../avatar/toon.js";
import { BuiltInHead } from "../head.js";
import { IdleLife } from "./idle.js";
import { Motion } from "./motion.js";
import { restExpression } from "../expression.js";

const FIELD_OF_VIEW_DEG = 26;
const MOVE_LIMIT = 0.8;
const LONGEST_STEP_S = 0.1;
const EXTRA_FADE_S = 0.15; // of an expression that a key switches
const MOST_PIXELS = 2; // per CSS pixel and direction
const FRUGAL = { pixels: 0.7, frameMs: 80 };
const IDLE_FRAME_MS = 30; // an avatar that only breathes needs no sixty pictures a second
const DEFAULT_LIGHT = { brightness: 1, azimuth: -16, height: 27 };

export class Viewport {
  /** canvas: to draw on. Throws an Error when the browser cannot draw in 3D. */
  constructor(canvas, { onView = () => {}, controls = true } = {}) {
    this._renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "low-power" });
    this._renderer.setPixelRatio(Math.min(window.devicePixelRatio, MOST_PIXELS));
    this._isFrugal = false;
    this._renderer.setClearColor(0, 0);
    this._scene = new THREE.Scene();
    this._camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 0.01, 200);
    this._ambient = new THREE.HemisphereLight(0xffffff, 0xc9b3b0, 2.1);
    this._key = new THREE.DirectionalLight(0xfff4e6, 2.0);
    this._rim = new THREE.DirectionalLight(0x9fc4ff, 1.3);
    this._rim.position.set(3, 1.5, -3);
    this._scene.add(this._ambient, this._key, this._rim);
    this._holder = new THREE.Group(); // moved with the head, so that avatars need not know
    this._scene.add(this._holder);
    this._controls = controls ? this._makeControls(canvas, onView) : null;
    this._motion = new Motion();
    this._idle = new IdleLife();
    this._isAlone = true;
    this._neutral = null;
    this._extras = new Map(); // expression -> { goal, weight }
    this._last = 0;
    this._loop = null;
    this.follows = true;
    this.drawn = 0;
    this.setLight(DEFAULT_LIGHT);
    this.use(new BuiltInHead());
    new ResizeObserver(() => this._resize()).observe(canvas);
    document.addEventListener("visibilitychange", () => this.draw());
    canvas.addEventListener("webglcontextrestored", () => this.draw());
  }

  _makeControls(canvas, onView) {
    const controls = new OrbitControls(this._camera, canvas);
    controls.enableDamping = false;
    controls.screenSpacePanning = true;
    controls.zoomToCursor = true;
    controls.addEventListener("change", () => this.draw());
    controls.addEventListener("end", () => onView(this.view()));
    return controls;
  }

  /** Show `avatar` from now on. */
  use(avatar) {
    if (this.avatar) {
      this._holder.remove(this.avatar.object);
      this.avatar.dispose();
    }
    this.avatar = avatar;
    this._extras.clear();
    this._holder.position.set(0, 0, 0);
    this._holder.add(avatar.object);
    this._holder.updateMatrixWorld(true);
    this._framing = avatar.frame();
    this.setView(null);
    avatar.show(this._expression(performance.now(), 0));
    this.draw();
  }

  /** Take `expression` over as the newest. isAlone: nobody is there, and it is only how to rest. */
  show(expression, isAlone = false) {
    this._isAlone = isAlone;
    this._motion.add(expression, performance.now());
    this.draw();
  }

  /** The next expression's place is the middle. */
  recentre() {
    this._neutral = null;
  }

  /** Switch the avatar's own expression `name` on or off; it fades. */
  setExpression(name, isOn) {
    const extra = this._extras.get(name) ?? { weight: 0 };
    this._extras.set(name, { ...extra, goal: Number(isOn) });
    this.draw();
  }

  /** Whether the avatar breathes and, alone, looks about. */
  set idleLife(isOn) {
    this._idle.isOn = isOn;
    this.draw();
  }

  /** Whether to draw fewer and coarser pictures, for computers with little to spare. */
  set frugal(isFrugal) {
    if (isFrugal === this._isFrugal) return;
    this._isFrugal = isFrugal;
    const pixels = isFrugal ? FRUGAL.pixels * Math.min(window.devicePixelRatio, 1) : Math.min(window.devicePixelRatio, MOST_PIXELS);
    this._renderer.setPixelRatio(pixels);
    this._resize();
  }

  /** light: { brightness (1 = usual), azimuth and height of the main light in degrees }. */
  setLight(light) {
    const { brightness, azimuth, height } = { ...DEFAULT_LIGHT, ...light };
    const [a, h] = [azimuth, height].map(THREE.MathUtils.degToRad);
    this._key.position.set(Math.sin(a) * Math.cos(h), Math.sin(h), Math.cos(a) * Math.cos(h)).multiplyScalar(5);
    this._ambient.intensity = 2.1 * brightness;
    this._key.intensity = 2 * brightness;
    this._rim.intensity = 1.3 * brightness;
    setToonLight(this._key.position, brightness);
    this.draw();
  }

  /** Where the camera stands: { position, target } in heights of the framing; null where the framing puts it. */
  view() {
    if (!this._moved()) return null;
    const { centre, height } = this._framing;
    const relative = (vector) => vector.clone().sub(centre).divideScalar(height).toArray();
    return { position: relative(this._camera.position), target: relative(this._controls?.target ?? centre) };
  }

  /** Put the camera where `view` says, in this avatar's own measures. */
  setView(view) {
    this._view = view;
    const { centre, height } = this._framing;
    const distance = height / 2 / Math.tan((FIELD_OF_VIEW_DEG * Math.PI) / 360);
    // A canvas that is taller than wide must step back to show the shoulders.
    const back = Math.max(1, 0.86 / this._camera.aspect);
    const absolute = (list) => new THREE.Vector3(...list).multiplyScalar(height).add(centre);
    const target = view ? absolute(view.target) : centre.clone();
    this._camera.position.copy(view ? absolute(view.position) : new THREE.Vector3(centre.x, centre.y, centre.z + distance * back));
    this._camera.near = distance / 50;
    this._camera.far = distance * 40;
    this._camera.lookAt(target);
    this._camera.updateProjectionMatrix();
    if (this._controls) {
      Object.assign(this._controls, { minDistance: distance / 12, maxDistance: distance * 12 });
      this._controls.target.copy(target);
      this._controls.update();
    }
    this._framed = this._camera.position.clone();
    this.draw();
  }

  _moved() {
    return this._view !== null || this._camera.position.distanceTo(this._framed) > 1e-6;
  }

  /** Turn the camera by so many degrees, or come nearer by a factor: for keys. */
  turnCamera(azimuth, height, nearer = 1) {
    const target = this._controls?.target ?? this._framing.centre;
    const offset = this._camera.position.clone().sub(target);
    const spherical = new THREE.Spherical().setFromVector3(offset);
    spherical.theta -= THREE.MathUtils.degToRad(azimuth);
    spherical.phi = THREE.MathUtils.clamp(spherical.phi + THREE.MathUtils.degToRad(height), 0.05, Math.PI - 0.05);
    spherical.radius /= nearer;
    this._camera.position.copy(target).add(offset.setFromSpherical(spherical));
    this._camera.lookAt(target);
    this._controls?.update();
    this.draw();
  }

  // Where the head is, relative to where it was first seen; lengths are in heads, roughly.
  _move({ hasPose, position }) {
    if (!hasPose || !position || !this.follows) return;
    this._neutral ??= position;
    const unit = this._framing.height * 0.12;
    const limit = (value) => Math.max(-MOVE_LIMIT, Math.min(MOVE_LIMIT, value)) * unit;
    const [x, y, z] = position.map((value, axis) => value - this._neutral[axis]);
    this._holder.position.set(limit(x), limit(y), limit(z));
  }

  _resize() {
    const { clientWidth, clientHeight } = this._renderer.domElement;
    if (!clientWidth || !clientHeight) return;
    this._renderer.setSize(clientWidth, clientHeight, false);
    this._camera.aspect = clientWidth / clientHeight;
    this._camera.updateProjectionMatrix();
    if (!this._moved()) this.setView(null);
    this.draw();
  }

  /** Draw soon, and go on for as long as anything moves. */
  draw() {
    if (this._loop === null) this._loop = requestAnimationFrame((now) => this._frame(now));
  }

  _frame(now) {
    this._loop = null;
    if (document.hidden) return;
    const idles = !this._motion.isMoving(now) && !this._fades();
    const pause = this._isFrugal ? FRUGAL.frameMs : idles && this._isLively() ? IDLE_FRAME_MS : 0;
    if (now - this._last < pause) {
      this._pause(pause - (now - this._last));
      return;
    }
    const seconds = Math.min((now - this._last) / 1000, LONGEST_STEP_S);
    this._last = now;
    toonLight.seconds.value = now / 1000;
    const expression = this._expression(now, seconds);
    this._move(expression);
    this.avatar.show(expression);
    this.avatar.update?.(seconds);
    this._renderer.render(this._scene, this._camera);
    this.drawn += 1;
    if (!idles || this._isLively()) this.draw();
  }

  _pause(milliseconds) {
    this._loop = -1;
    setTimeout(() => {
      this._loop = null;
      this.draw();
    }, milliseconds);
  }

  _isLively() {
    return this._idle.isOn || Boolean(this.avatar.isLively);
  }

  _fades() {
    return [...this._extras.values()].some(({ goal, weight }) => goal !== weight);
  }

  _expression(now, seconds) {
    const driven = this._motion.at(now) ?? restExpression();
    const step = seconds / EXTRA_FADE_S;
    const extras = {};
    for (const [name, extra] of this._extras) {
      extra.weight += Math.max(-step, Math.min(step, extra.goal - extra.weight));
      if (extra.weight > 0) extras[name] = extra.weight;
      else if (extra.goal === 0) this._extras.delete(name);
    }
    return { ...this._idle.apply(driven, this._isAlone, seconds), extras };
  }
}
