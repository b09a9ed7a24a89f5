// An avatar from the user's own .vrm, .glb or .gltf file. The file never leaves the browser.

import { GLTFLoader, THREE } from "./three.js";
import { arkitWeights, vrmWeights } from "./expression.js";
import { guessBones, mapLook, readVrm } from "./vrm.js";

const NECK_SHARE = 0.35; // of the head's turn; the head bone does the rest
const ARKIT_ENOUGH = 8; // so many ARKit names in a file mean that it wants to be driven by them

/** Read `buffer` (ArrayBuffer of a glTF file). Rejects with an Error that says in words what is wrong. */
export async function loadAvatar(buffer) {
  let gltf;
  try {
    gltf = await new GLTFLoader().parseAsync(buffer, "");
  } catch (error) {
    throw new Error(explain(String(error?.message ?? error)));
  }
  const scene = gltf.scene ?? gltf.scenes?.[0];
  if (!scene) throw new Error("the file holds no scene to show");
  const parser = gltf.parser;
  const nodes = await Promise.all((parser.json.nodes ?? []).map((_, index) => parser.getDependency("node", index)));
  return new Avatar(scene, nodes, parser);
}

function explain(message) {
  if (/draco|meshopt|ktx2|basisu/i.test(message)) {
    return `the file is compressed in a way this page cannot read (${message}); export it without compression`;
  }
  if (/fetch|load buffer|couldn't load/i.test(message)) {
    return "the file refers to other files; export it as one file (.glb or .vrm)";
  }
  return `this is no glTF or VRM file that can be read (${message})`;
}

class Avatar {
  constructor(scene, nodes, parser) {
    const json = parser.json;
    this.object = scene;
    this.vrm = readVrm(json);
    this.title = this.vrm.title;
    if (this.vrm.version === 0) scene.rotation.y = Math.PI; // VRM 0 looks along -z, VRM 1 and the viewer along +z
    scene.updateMatrixWorld(true);

    this._morphs = collectMorphs(scene, parser);
    const indexes = this.vrm.version === null ? guessBones(json) : this.vrm.bones;
    this.bones = {};
    for (const name of ["head", "neck", "leftEye", "rightEye"]) {
      if (nodes[indexes[name]]) this.bones[name] = restBone(nodes[indexes[name]]);
    }
    if (this.vrm.version !== null) relaxArms(indexes, nodes);
    // Without bones the whole thing turns.
    this._root = this.bones.head ? null : restBone(scene);
    this._clips = this._bindClips();
    const ownNames = Object.keys(this._clips).filter((name) => name in ARKIT_NAMES);
    this.arkit = ownNames.length >= ARKIT_ENOUGH || this.vrm.version === null;
    scene.traverse((child) => {
      child.frustumCulled = false; // a skinned mesh's box is that of its resting pose
    });
  }

  /** Weight of each driven expression after the last `show`, by name. */
  weights = {};

  _bindClips() {
    const clips = {};
    for (const [name, binds] of Object.entries(this.vrm.clips)) {
      clips[name] = binds.flatMap(({ mesh, node, index, weight }) =>
        this._morphs
          .filter((morph) => (mesh !== undefined ? morph.meshIndex === mesh : morph.nodeIndex === node))
          .filter((morph) => index < morph.object.morphTargetInfluences.length)
          .map((morph) => ({ object: morph.object, index, weight })),
      );
    }
    // Morph targets that carry ARKit's names are driven directly, unless a clip of that name does it.
    for (const { object } of this._morphs) {
      for (const [name, index] of Object.entries(object.morphTargetDictionary ?? {})) {
        const own = arkitName(name);
        if (own && !this.vrm.clips[own]) (clips[own] ??= []).push({ object, index, weight: 1 });
      }
    }
    return clips;
  }

  /** Take the pose and face of `expression`. */
  show(expression) {
    const turn = new THREE.Quaternion(...expression.quaternion);
    const still = new THREE.Quaternion();
    const { neck, head } = this.bones;
    if (this._root) apply(this._root, turn);
    if (head) {
      const share = neck ? NECK_SHARE : 0;
      if (neck) apply(neck, still.clone().slerp(turn, share));
      apply(head, still.clone().slerp(turn, 1 - share));
    }
    const weights = this.arkit ? this._fromArkit(expression) : this._fromPresets(expression);
    if (this.vrm.lookAt?.type !== "expression") this._turnEyes(expression);
    this._applyWeights(weights);
  }

  _fromArkit(expression) {
    const weights = arkitWeights(expression);
    if (this._turnsEyes()) for (const name of Object.keys(weights)) if (name.startsWith("eyeLook")) delete weights[name];
    return weights;
  }

  _fromPresets(expression) {
    const weights = vrmWeights(expression);
    if (!(this._clips.blinkLeft && this._clips.blinkRight)) {
      weights.blink = Math.min(weights.blinkLeft, weights.blinkRight); // a wink is not shown with both eyes
      delete weights.blinkLeft;
      delete weights.blinkRight;
    }
    // Brows are no preset, but a file with ARKit's names for them can show them.
    for (const [name, value] of Object.entries(arkitWeights(expression))) {
      if (name.startsWith("brow") && this._clips[name]) weights[name] = value;
    }
    if (this.vrm.lookAt?.type === "expression") {
      const { inner, outer, down, up } = this.vrm.lookAt;
      const { lookX, lookY } = meanLook(expression);
      // One weight moves both eyes; the wider of the two ranges counts, as for a single eye.
      weights.lookLeft = mapLook(lookX, outer.output >= inner.output ? outer : inner);
      weights.lookRight = mapLook(-lookX, outer.output >= inner.output ? outer : inner);
      weights.lookUp = mapLook(lookY, up);
      weights.lookDown = mapLook(-lookY, down);
    }
    return weights;
  }

  _turnsEyes() {
    return Boolean(this.bones.leftEye || this.bones.rightEye);
  }

  _turnEyes({ left, right }) {
    const look = this.vrm.lookAt;
    for (const [bone, { lookX, lookY }, outwards] of [
      [this.bones.leftEye, left, 1],
      [this.bones.rightEye, right, -1],
    ]) {
      if (!bone) continue;
      let [yaw, pitch] = [lookX, lookY];
      if (look) {
        yaw = Math.sign(lookX) * mapLook(Math.abs(lookX), lookX * outwards > 0 ? look.outer : look.inner);
        pitch = lookY > 0 ? mapLook(lookY, look.up) : -mapLook(-lookY, look.down);
      }
      const radians = Math.PI / 180;
      apply(bone, new THREE.Quaternion().setFromEuler(new THREE.Euler(-pitch * radians, yaw * radians, 0, "YXZ")));
    }
  }

  _applyWeights(weights) {
    for (const { object } of this._morphs) object.morphTargetInfluences.fill(0);
    this.weights = {};
    for (const [name, value] of Object.entries(weights)) {
      if (!this._clips[name]) continue;
      const shown = this.vrm.binary.has(name) ? Number(value >= 0.5) : value;
      this.weights[name] = shown;
      for (const { object, index, weight } of this._clips[name]) {
        const sum = object.morphTargetInfluences[index] + shown * weight;
        object.morphTargetInfluences[index] = Math.min(1, sum);
      }
    }
  }

  /** What the camera should look at: { centre: Vector3, height } of head and shoulders, or of the whole. */
  frame() {
    const box = new THREE.Box3().setFromObject(this.object, true);
    const size = box.getSize(new THREE.Vector3());
    if (!this.bones.head || size.y === 0) return { centre: box.getCenter(new THREE.Vector3()), height: size.y || 1 };
    const head = this.bones.head.object.getWorldPosition(new THREE.Vector3());
    const above = Math.max(box.max.y - head.y, size.y * 0.05);
    return { centre: new THREE.Vector3(head.x, head.y + above * 0.3, head.z), height: above * 2.2 };
  }

  dispose() {
    this.object.traverse((child) => {
      child.geometry?.dispose();
      for (const material of [child.material].flat().filter(Boolean)) {
        for (const value of Object.values(material)) if (value?.isTexture) value.dispose();
        material.dispose();
      }
    });
  }
}

// Every mesh with morph targets, with the glTF mesh and node it comes from.
function collectMorphs(scene, parser) {
  const morphs = [];
  scene.traverse((object) => {
    if (!object.morphTargetInfluences?.length) return;
    let nodeIndex;
    for (let at = object; at && nodeIndex === undefined; at = at.parent) nodeIndex = parser.associations.get(at)?.nodes;
    morphs.push({ object, meshIndex: parser.associations.get(object)?.meshes, nodeIndex });
  });
  return morphs;
}

function restBone(object) {
  const parent = new THREE.Quaternion();
  object.parent?.getWorldQuaternion(parent);
  return { object, rest: object.quaternion.clone(), parent, parentInverse: parent.clone().invert() };
}

// Turn a bone by `delta`, given in the viewer's axes, from where it rests.
function apply({ object, rest, parent, parentInverse }, delta) {
  object.quaternion.copy(parentInverse).multiply(delta).multiply(parent).multiply(rest);
}

// VRM files stand with their arms stretched out; let them hang.
function relaxArms(indexes, nodes) {
  for (const [name, angle] of [["leftUpperArm", -1.2], ["rightUpperArm", 1.2]]) {
    const node = nodes[indexes[name]];
    if (node) apply(restBone(node), new THREE.Quaternion().setFromAxisAngle(new THREE.Vector3(0, 0, 1), angle));
  }
}

function meanLook({ left, right }) {
  return { lookX: (left.lookX + right.lookX) / 2, lookY: (left.lookY + right.lookY) / 2 };
}

const ARKIT_NAMES = Object.fromEntries(
  ("eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft eyeWideLeft eyeBlinkRight " +
    "eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight eyeWideRight jawForward jawLeft " +
    "jawRight jawOpen mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight " +
    "mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower " +
    "mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight mouthLowerDownLeft " +
    "mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight browDownLeft browDownRight browInnerUp browOuterUpLeft " +
    "browOuterUpRight cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight tongueOut")
    .split(" ")
    .map((name) => [name, true]),
);

// eyeBlinkLeft, EyeBlinkLeft, eyeBlink_L and mesh-prefixed spellings (Face.eyeBlinkLeft) are all one shape.
function arkitName(name) {
  const last = name.split(/[.:]/).at(-1).replace(/_L$/, "Left").replace(/_R$/, "Right");
  const own = last ? last[0].toLowerCase() + last.slice(1) : "";
  return own in ARKIT_NAMES ? own : null;
}
