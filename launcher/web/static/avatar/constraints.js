// VRMC_node_constraint: nodes that turn as another one does, such as the twist of an arm.

import { THREE } from "../three.js";

const AXES = {
  X: [1, 0, 0], Y: [0, 1, 0], Z: [0, 0, 1],
  PositiveX: [1, 0, 0], NegativeX: [-1, 0, 0], PositiveY: [0, 1, 0], NegativeY: [0, -1, 0],
  PositiveZ: [0, 0, 1], NegativeZ: [0, 0, -1],
};

/** The constraints of the glTF `json`, as functions to call in their order each frame. nodes: by index. */
export function readConstraints(json, nodes) {
  const made = [];
  (json.nodes ?? []).forEach((node, index) => {
    const constraint = node.extensions?.VRMC_node_constraint?.constraint;
    const destination = nodes[index];
    for (const [kind, make] of Object.entries({ roll, aim, rotation })) {
      const settings = constraint?.[kind];
      const source = settings && nodes[settings.source];
      if (source && destination) made.push(make(source, destination, settings));
    }
  });
  return made;
}

const weighted = (destination, rest, target, weight) => destination.quaternion.slerpQuaternions(rest, target, weight);

function rotation(source, destination, { weight = 1 }) {
  const rest = destination.quaternion.clone();
  const back = source.quaternion.clone().invert();
  const target = new THREE.Quaternion();
  return () => weighted(destination, rest, target.copy(rest).multiply(back).multiply(source.quaternion), weight);
}

function roll(source, destination, { rollAxis = "X", weight = 1 }) {
  const axis = new THREE.Vector3(...(AXES[rollAxis] ?? AXES.X));
  const rest = destination.quaternion.clone();
  const restBack = rest.clone().invert();
  const sourceRest = source.quaternion.clone();
  const sourceBack = sourceRest.clone().invert();
  const delta = new THREE.Quaternion();
  const swing = new THREE.Quaternion();
  const moved = new THREE.Vector3();
  return () => {
    // The source's turn, in the destination's axes at rest, less what it swings the axis.
    delta.copy(restBack).multiply(sourceRest).multiply(sourceBack).multiply(source.quaternion).multiply(sourceBack).multiply(rest);
    swing.setFromUnitVectors(axis, moved.copy(axis).applyQuaternion(delta)).invert();
    weighted(destination, rest, delta.premultiply(swing).premultiply(rest), weight);
  };
}

function aim(source, destination, { aimAxis = "PositiveX", weight = 1 }) {
  const axis = new THREE.Vector3(...(AXES[aimAxis] ?? AXES.PositiveX));
  const rest = destination.quaternion.clone();
  const parent = new THREE.Quaternion();
  const [place, other, now] = [new THREE.Vector3(), new THREE.Vector3(), new THREE.Vector3()];
  const target = new THREE.Quaternion();
  return () => {
    destination.parent.getWorldQuaternion(parent);
    destination.getWorldPosition(place);
    source.getWorldPosition(other).sub(place).normalize();
    now.copy(axis).applyQuaternion(rest).applyQuaternion(parent);
    target.setFromUnitVectors(now, other).premultiply(parent.clone().invert()).multiply(parent).multiply(rest);
    weighted(destination, rest, target, weight);
  };
}
