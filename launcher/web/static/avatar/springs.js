// Hair, skirts and ribbons: chains of bones that swing, as the VRMC_springBone specification describes them.

import { THREE } from "../three.js";

const STEP_S = 1 / 60;
const MOST_STEPS = 3; // after a pause the chains do not run to catch up
const LEAF_LENGTH = 0.07; // metres, of a last bone that says nothing about its tail

const from = new THREE.Vector3();
const towards = new THREE.Vector3();
const next = new THREE.Vector3();
const one = new THREE.Vector3();
const two = new THREE.Vector3();
const turn = new THREE.Quaternion();
const matrix = new THREE.Matrix4();
const toCenter = new THREE.Matrix4();

class Joint {
  constructor({ bone, tail, stiffness, drag, gravityPower, gravity, radius, colliders, center }) {
    Object.assign(this, { bone, stiffness, drag, gravityPower, radius, colliders, center });
    this.gravity = new THREE.Vector3(...gravity).normalize();
    this.rest = bone.quaternion.clone();
    this.restMatrix = bone.matrix.clone();
    const local = tail ?? leafTail(bone);
    this.axis = local.clone().normalize();
    this.local = local;
    this.current = new THREE.Vector3();
    this.previous = new THREE.Vector3();
    this.length = 0;
  }

  reset() {
    this.bone.quaternion.copy(this.rest);
    this.bone.updateMatrixWorld(true);
    this._toCenter(this.current.copy(this.local).applyMatrix4(this.bone.matrixWorld));
    this.previous.copy(this.current);
  }

  step() {
    const { bone } = this;
    const parent = bone.parent.matrixWorld;
    matrix.multiplyMatrices(parent, this.restMatrix);
    from.setFromMatrixPosition(matrix);
    towards.copy(this.local).applyMatrix4(matrix).sub(from);
    this.length = towards.length();
    if (!this.length) return;
    towards.divideScalar(this.length);
    one.copy(this.current);
    two.copy(this.previous);
    if (this.center) {
      one.applyMatrix4(this.center.matrixWorld);
      two.applyMatrix4(this.center.matrixWorld);
    }
    next.copy(one).addScaledVector(two.subVectors(one, two), 1 - this.drag);
    next.addScaledVector(towards, this.stiffness * STEP_S).addScaledVector(this.gravity, this.gravityPower * STEP_S);
    this._keepLength();
    for (const collider of this.colliders) {
      collider.push(next, this.radius);
      this._keepLength();
    }
    this.previous.copy(this.current);
    this._toCenter(this.current.copy(next));
    // The shortest turn from where the bone would rest to where its tail is now.
    next.applyMatrix4(matrix.invert()).normalize();
    bone.quaternion.copy(this.rest).multiply(turn.setFromUnitVectors(this.axis, next));
    bone.updateMatrix();
    bone.matrixWorld.multiplyMatrices(parent, bone.matrix);
  }

  _keepLength() {
    next.sub(from).normalize().multiplyScalar(this.length).add(from);
  }

  _toCenter(vector) {
    if (this.center) vector.applyMatrix4(toCenter.copy(this.center.matrixWorld).invert());
  }
}

function leafTail(bone) {
  if (!bone.position.lengthSq()) return new THREE.Vector3(0, LEAF_LENGTH, 0);
  const scale = bone.getWorldScale(new THREE.Vector3()).y || 1;
  return bone.position.clone().applyQuaternion(bone.quaternion.clone().invert()).normalize().multiplyScalar(LEAF_LENGTH / scale);
}

/** A ball, or with `tail` a capsule, that hangs at `node` and keeps hair out. offset, tail: in the node's axes. */
export class Collider {
  constructor(node, { offset = [0, 0, 0], tail = null, radius = 0 }) {
    this.node = node;
    this.radius = radius;
    this.offset = new THREE.Vector3(...offset);
    this.tail = tail && new THREE.Vector3(...tail);
  }

  push(point, radius) {
    one.copy(this.offset).applyMatrix4(this.node.matrixWorld);
    if (this.tail) {
      two.copy(this.tail).applyMatrix4(this.node.matrixWorld).sub(one);
      const share = two.lengthSq() ? towards.subVectors(point, one).dot(two) / two.lengthSq() : 0;
      one.addScaledVector(two, Math.min(1, Math.max(0, share)));
    }
    const reach = radius + this.radius * this.node.matrixWorld.getMaxScaleOnAxis();
    const away = towards.subVectors(point, one);
    const distance = away.length();
    if (distance > 0 && distance < reach) point.addScaledVector(away, (reach - distance) / distance);
  }
}

export class Springs {
  /**
   * joints: parents before children, each { bone, tail (Vector3 in the bone's axes, or null for a leaf), stiffness,
   * drag, gravityPower, gravity [x, y, z], radius, colliders: [Collider], center: Object3D or null }.
   */
  constructor(joints) {
    this._joints = joints.filter(({ bone }) => bone.parent).map((joint) => new Joint(joint));
    this._left = 0;
    this._started = false;
  }

  get count() {
    return this._joints.length;
  }

  /** Hang at rest from here on, as after a jump. */
  reset() {
    for (const joint of this._joints) joint.reset();
    this._left = 0;
    this._started = true;
  }

  /** Let `seconds` pass. The matrices of the model must be up to date. */
  update(seconds) {
    if (!this._started) this.reset();
    this._left = Math.min(this._left + seconds, MOST_STEPS * STEP_S);
    while (this._left >= STEP_S) {
      this._left -= STEP_S;
      for (const joint of this._joints) joint.step();
    }
  }
}
