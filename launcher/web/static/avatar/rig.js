// What all avatars do alike: bones that turn in the viewer's axes, a natural stance, and how a face is shared out.

import { THREE } from "../three.js";

const NECK_SHARE = 0.3; // of the head's turn; the head bone does the rest
const CHEST_SHARE = 0.08;
const STRETCHED_DEG = 35; // an arm further than this from hanging is let down
const HANGING = { left: [0.2, -1, 0.04], right: [-0.2, -1, 0.04] };

const still = new THREE.Quaternion();
const turn = new THREE.Quaternion();
const part = new THREE.Quaternion();
const breath = new THREE.Quaternion();
const X = new THREE.Vector3(1, 0, 0);

/** `object` with how it rests. Make it while the model stands as in the file. */
export function restBone(object) {
  const parent = new THREE.Quaternion();
  object.parent?.getWorldQuaternion(parent);
  return { object, rest: object.quaternion.clone(), parent, parentInverse: parent.clone().invert() };
}

/** Turn a bone by `delta`, given in the viewer's axes, from where it rests. */
export function turnBone({ object, rest, parent, parentInverse }, delta) {
  object.quaternion.copy(parentInverse).multiply(delta).multiply(parent).multiply(rest);
}

/** Share the head's turn of `expression` among chest, neck and head, or turn `root` where there is no head. */
export function turnHead({ chest, neck, head, root }, expression) {
  turn.set(...expression.quaternion);
  breath.setFromAxisAngle(X, expression.breath ?? 0);
  if (!head) {
    if (root) turnBone(root, turn);
    return;
  }
  const shares = { chest: chest ? CHEST_SHARE : 0, neck: neck ? NECK_SHARE : 0 };
  if (chest) turnBone(chest, part.slerpQuaternions(still, turn, shares.chest).multiply(breath));
  if (neck) turnBone(neck, part.slerpQuaternions(still, turn, shares.neck));
  part.slerpQuaternions(still, turn, 1 - shares.chest - shares.neck);
  if (chest) part.multiply(breath.invert()); // the face does not nod with each breath
  turnBone(head, part);
}

/** Turn an eye bone: degrees to the viewer's right and up. */
export function turnEye(bone, yaw, pitch) {
  const radians = Math.PI / 180;
  turnBone(bone, part.setFromEuler(new THREE.Euler(-pitch * radians, yaw * radians, 0, "YXZ")));
}

/** Let arms that are stretched out hang down: files stand in a T or an A. arms: { left, right }: { upper, lower }. */
export function relaxArms(arms) {
  for (const [side, { upper, lower }] of Object.entries(arms)) {
    if (!upper || !lower) continue;
    upper.updateWorldMatrix(true, true);
    const direction = lower.getWorldPosition(new THREE.Vector3()).sub(upper.getWorldPosition(new THREE.Vector3())).normalize();
    const outwards = Math.sign(direction.x) || (side === "left" ? 1 : -1);
    const hanging = new THREE.Vector3(...HANGING.left).multiply(new THREE.Vector3(outwards, 1, 1)).normalize();
    if (THREE.MathUtils.radToDeg(direction.angleTo(hanging)) < STRETCHED_DEG) continue;
    turnBone(restBone(upper), new THREE.Quaternion().setFromUnitVectors(direction, hanging));
    upper.updateWorldMatrix(false, true);
  }
}

/**
 * Where the camera should look: { centre: Vector3, height } of head and shoulders of `object`, or of the whole.
 * Throws an Error in words for a model that nothing can be seen of.
 */
export function frameOf(object, head) {
  object.updateMatrixWorld(true);
  const box = new THREE.Box3();
  object.traverse((child) => {
    if (child.isMesh && !child.userData.isOutline) box.expandByObject(child, true);
  });
  const size = box.getSize(new THREE.Vector3());
  if (box.isEmpty() || ![...size.toArray(), ...box.min.toArray()].every(Number.isFinite) || size.length() === 0) {
    throw new Error("the file holds nothing that can be seen");
  }
  if (!head || size.y === 0) return { centre: box.getCenter(new THREE.Vector3()), height: Math.max(size.y, size.x) * 1.15 };
  const place = head.getWorldPosition(new THREE.Vector3());
  // The head begins at its bone; a tall hat or big ears above it do not count for more than another head.
  const below = Math.max(place.y - box.min.y, 0);
  const most = below > size.y * 0.4 ? below * 0.35 : Infinity; // a bust has no body to compare with
  const above = Math.min(Math.max(box.max.y - place.y, size.y * 0.05), most);
  return { centre: new THREE.Vector3(place.x, place.y + above * 0.26, place.z), height: above * 2.5 };
}

/** Free what the graphics card holds of `object`. */
export function disposeOf(object) {
  object.traverse((child) => {
    child.geometry?.dispose();
    child.skeleton?.dispose();
    for (const material of [child.material].flat().filter(Boolean)) {
      const values = [...Object.values(material), ...Object.values(material.uniforms ?? {}).map(({ value }) => value)];
      for (const value of values) if (value?.isTexture) value.dispose();
      material.dispose();
    }
  });
}
