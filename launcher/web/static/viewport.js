// The 3D view: one canvas, one avatar. It draws only when there is something new.

import { THREE } from "./three.js";
import { BuiltInHead } from "./head.js";

const FIELD_OF_VIEW_DEG = 26;
const MOVE_LIMIT = 0.8;

export class Stage {
  /** canvas: to draw on. Throws an Error when the browser cannot draw in 3D. */
  constructor(canvas) {
    this._renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "low-power" });
    this._renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this._scene = new THREE.Scene();
    this._camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 0.01, 200);
    this._scene.add(new THREE.HemisphereLight(0xffffff, 0xc9b3b0, 2.1));
    const key = new THREE.DirectionalLight(0xfff4e6, 2.0);
    key.position.set(-1.6, 2, 5);
    const rim = new THREE.DirectionalLight(0x9fc4ff, 1.3);
    rim.position.set(3, 1.5, -3);
    this._scene.add(key, rim);
    this._holder = new THREE.Group(); // moved with the head, so that avatars need not know
    this._scene.add(this._holder);
    this._neutral = null;
    this._waiting = false;
    this.use(new BuiltInHead());
    new ResizeObserver(() => this._resize()).observe(canvas);
  }

  /** Show `avatar` from now on. */
  use(avatar) {
    if (this.avatar) {
      this._holder.remove(this.avatar.object);
      this.avatar.dispose();
    }
    this.avatar = avatar;
    this._holder.position.set(0, 0, 0);
    this._holder.add(avatar.object);
    this._holder.updateMatrixWorld(true);
    this._view = avatar.frame();
    this._place();
    this._draw();
  }

  /** Take `expression` over. */
  show(expression) {
    this.avatar.show(expression);
    this._move(expression);
    this._draw();
  }

  /** The next frame's place is the middle. */
  recentre() {
    this._neutral = null;
  }

  // Where the head is, relative to where it was first seen; lengths are in heads, roughly.
  _move({ hasPose, position }) {
    if (!hasPose) return;
    this._neutral ??= position;
    const unit = this._view.height * 0.12;
    const limit = (value) => Math.max(-MOVE_LIMIT, Math.min(MOVE_LIMIT, value)) * unit;
    const [x, y, z] = position.map((value, axis) => value - this._neutral[axis]);
    this._holder.position.set(limit(x), limit(y), limit(z));
  }

  _place() {
    const { centre, height } = this._view;
    const distance = height / 2 / Math.tan((FIELD_OF_VIEW_DEG * Math.PI) / 360);
    // A canvas that is taller than wide must step back to show the shoulders.
    const back = Math.max(1, 0.86 / this._camera.aspect);
    this._camera.position.set(centre.x, centre.y, centre.z + distance * back);
    this._camera.near = distance / 50;
    this._camera.far = distance * 20;
    this._camera.lookAt(centre);
    this._camera.updateProjectionMatrix();
  }

  _resize() {
    const { clientWidth, clientHeight } = this._renderer.domElement;
    if (!clientWidth || !clientHeight) return;
    this._renderer.setSize(clientWidth, clientHeight, false);
    this._camera.aspect = clientWidth / clientHeight;
    this._place();
    this._draw();
  }

  _draw() {
    if (this._waiting) return;
    this._waiting = true;
    requestAnimationFrame(() => {
      this._waiting = false;
      this._renderer.render(this._scene, this._camera);
    });
  }
}
