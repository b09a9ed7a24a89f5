// An avatar from a model of MikuMikuDance (.pmx, .pmd), with its textures beside it or in the same archive.

import { THREE } from "../three.js";
import { disposeOf, frameOf, relaxArms, restBone, turnBone, turnEye, turnHead } from "../avatar/rig.js";
import { Collider, Springs } from "../avatar/springs.js";
import { outlineOf } from "../avatar/toon.js";
import { arkitName } from "../avatar/arkit.js";
import { arkitWeights, vrmWeights } from "../expression.js";
import { isPmx } from "./kinds.js";
import { mmdMaterial, sharedToon } from "./material.js";
import { BONES, MORPHS, findByNames } from "./names.js";
import { readPmd } from "./pmd.js";
import { readPmx } from "./pmx.js";
import { readTga } from "./tga.js";

const METRES = 0.08; // one unit of MMD
const LOOK_SHARE = 1 / 3; // of the look, by which an eye turns
const LOOK_LIMIT_DEG = { yaw: 12, pitch: 8 };
const STILL_PICTURES = /\.(mp4|avi)$/i;
const ARKIT_ENOUGH = 20; // some models of MMD carry ARKit's shapes

const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));

/** The avatar in `files` (ModelFiles). Rejects with an Error that says in words what is wrong. */
export async function loadMmd(files) {
  const bytes = files.main.data;
  let model;
  try {
    model = isPmx(bytes) ? readPmx(bytes) : readPmd(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new Error("the model is damaged or only a part of one");
    throw error;
  }
  const materials = await makeMaterials(model, files);
  return new MmdAvatar(model, materials);
}

async function makeMaterials(model, files) {
  const missing = [];
  const textures = await Promise.all(
    model.textures.map(async (path) => {
      const data = path ? files.find(path) : null;
      if (!data) {
        missing.push(path);
        return null;
      }
      return pictureTexture(path, data);
    }),
  );
  const needed = new Set(model.materials.map(({ texture }) => model.textures[texture]).filter(Boolean));
  const lost = missing.filter((path) => needed.has(path) && !STILL_PICTURES.test(path));
  if (lost.length) {
    const name = lost[0].replaceAll("\\", "/").split("/").at(-1);
    const more = lost.length > 1 ? ` and ${lost.length - 1} more` : "";
    throw new Error(`its picture “${name}”${more} was not given; drop the model's whole folder, or a zip of it`);
  }
  const shared = new Map();
  return model.materials.map((material) => {
    if (material.sharedToon !== null && !shared.has(material.sharedToon)) shared.set(material.sharedToon, sharedToon(material.sharedToon));
    const toonMap = material.sharedToon !== null ? shared.get(material.sharedToon) : rampOf(textures[material.toon]);
    const maps = { map: textures[material.texture] ?? null, toonMap: toonMap ?? null, sphereMap: textures[material.sphere] ?? null };
    return [mmdMaterial(material, maps), mmdMaterial(material, {}, true)];
  });
}

async function pictureTexture(path, data) {
  let texture;
  try {
    if (/\.tga$/i.test(path)) {
      const image = readTga(data);
      texture = new THREE.DataTexture(new Uint8Array(image.data.buffer), image.width, image.height);
      // Rows are stored from the top here as in the other pictures.
    } else {
      texture = new THREE.Texture(await createImageBitmap(new Blob([data])));
    }
  } catch (error) {
    const why = error.message?.includes("TGA") ? error.message : "the browser cannot read it";
    throw new Error(`its picture “${path.replaceAll("\\", "/").split("/").at(-1)}” cannot be used: ${why}`);
  }
  texture.flipY = false;
  texture.wrapS = texture.wrapT = THREE.RepeatWrapping;
  texture.magFilter = THREE.LinearFilter;
  texture.minFilter = THREE.LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.needsUpdate = true;
  return texture;
}

// A ramp ends at its ends; the pictures of a model repeat.
function rampOf(texture) {
  if (!texture) return null;
  const ramp = texture.clone();
  ramp.wrapS = ramp.wrapT = THREE.ClampToEdgeWrapping;
  ramp.minFilter = THREE.LinearFilter;
  ramp.generateMipmaps = false;
  ramp.needsUpdate = true;
  return ramp;
}

class MmdAvatar {
  constructor(model, materials) {
    this.title = model.title;
    this.kind = "MMD";
    this.object = new THREE.Group();
    this.object.scale.setScalar(METRES);
    this._model = model;
    const bones = makeBones(model);
    this._bones = bones;
    this._mesh = makeMesh(model, bones, materials);
    this.object.add(this._mesh);
    this.object.updateMatrixWorld(true);
    const found = findByNames(model.bones, BONES);
    this.bones = {};
    for (const name of ["head", "neck", "chest", "leftEye", "rightEye"]) {
      if (bones[found[name]]) this.bones[name] = restBone(bones[found[name]]);
    }
    if (!this.bones.head) this.bones.root = restBone(this.object);
    relaxArms({
      left: { upper: bones[found.leftUpperArm], lower: bones[found.leftLowerArm] },
      right: { upper: bones[found.rightUpperArm], lower: bones[found.rightLowerArm] },
    });
    this._appends = makeAppends(model, bones);
    this._springs = makeSprings(model, bones);
    this._slots = findByNames(model.morphs, MORPHS);
    this._arkit = new Map();
    model.morphs.forEach(({ name, englishName }, index) => {
      const own = arkitName(name) ?? arkitName(englishName ?? "");
      if (own && !this._arkit.has(own)) this._arkit.set(own, index);
    });
    this._moved = new Set(); // vertices that are not where they rest
    this._rests = new Map(); // bones that morphs move
  }

  weights = {};

  /** The model's other faces, for keys and buttons. */
  get expressions() {
    const driven = new Set([...Object.values(this._slots), ...this._arkit.values()]);
    return this._model.morphs
      .filter(({ vertices, group, bones }, index) => !driven.has(index) && (vertices || group || bones))
      .map(({ name }) => ({ name, title: name }));
  }

  get swinging() {
    return this._springs.count;
  }

  get isLively() {
    return this._springs.count > 0;
  }

  show(expression) {
    turnHead(this.bones, expression);
    const look = ({ lookX, lookY }) => [
      clamp(lookX * LOOK_SHARE, -LOOK_LIMIT_DEG.yaw, LOOK_LIMIT_DEG.yaw), clamp(lookY * LOOK_SHARE, -LOOK_LIMIT_DEG.pitch, LOOK_LIMIT_DEG.pitch),
    ];
    if (this.bones.leftEye) turnEye(this.bones.leftEye, ...look(expression.left));
    if (this.bones.rightEye) turnEye(this.bones.rightEye, ...look(expression.right));
    const weights = new Map(); // morph index -> weight
    this.weights = {};
    if (this._arkit.size >= ARKIT_ENOUGH) {
      for (const [name, value] of Object.entries(arkitWeights(expression))) this._want(weights, this._arkit.get(name), name, value);
    } else {
      for (const [name, value] of Object.entries(this._faceWeights(expression))) this._want(weights, this._slots[name], name, value);
    }
    for (const [name, value] of Object.entries(expression.extras ?? {})) {
      this._want(weights, this._model.morphs.findIndex((morph) => morph.name === name), name, value);
    }
    this._apply(weights);
  }

  _want(weights, index, name, value) {
    if (index === undefined || index < 0 || !value) return;
    this.weights[name] = value;
    weights.set(index, clamp((weights.get(index) ?? 0) + value));
  }

  _faceWeights(expression) {
    const { left, right } = expression;
    const weights = vrmWeights(expression);
    if (this._slots.blink !== undefined) {
      // What both eyes share is a blink, what is left a wink; two winks at once look odd on many models.
      weights.blink = Math.min(weights.blinkLeft, weights.blinkRight);
      const winks = this._slots.blinkLeft !== undefined && this._slots.blinkRight !== undefined;
      weights.blinkLeft = winks ? weights.blinkLeft - weights.blink : 0;
      weights.blinkRight = winks ? weights.blinkRight - weights.blink : 0;
    }
    const brow = (left.browUp + right.browUp) / 2;
    const steep = (left.browSteep + right.browSteep) / 2;
    const corner = (left.corner + right.corner) / 2;
    return {
      ...weights,
      browUp: clamp(brow), browDown: clamp(-brow), browSad: clamp(steep), browAngry: clamp(-steep),
      smile: clamp(corner) * 0.8, frown: clamp(-corner), wide: clamp((left.wide + right.wide) / 2) * 0.5,
    };
  }

  // Morphs of MMD move few vertices each, so they are added up here rather than kept whole on the graphics card.
  _apply(weights) {
    const position = this._mesh.geometry.attributes.position;
    const { positions, morphs } = this._model;
    const before = this._moved;
    this._moved = new Set();
    for (const vertex of before) position.array.set(positions.subarray(3 * vertex, 3 * vertex + 3), 3 * vertex);
    for (const [bone, { place, turn }] of this._rests) {
      bone.position.copy(place);
      bone.quaternion.copy(turn);
    }
    const add = (index, weight, depth) => {
      const morph = morphs[index];
      if (!morph || !weight) return;
      if (morph.vertices) {
        const { indices, offsets } = morph.vertices;
        for (let i = 0; i < indices.length; i++) {
          const vertex = indices[i];
          if (3 * vertex + 2 >= position.array.length) continue;
          for (let axis = 0; axis < 3; axis++) position.array[3 * vertex + axis] += offsets[3 * i + axis] * weight;
          this._moved.add(vertex);
        }
      }
      for (const { bone, move, turn } of morph.bones ?? []) this._moveBone(this._bones[bone], move, turn, weight);
      if (morph.group && depth < 2) for (const member of morph.group) add(member.morph, member.weight * weight, depth + 1);
    };
    for (const [index, weight] of weights) add(index, weight, 0);
    if (this._moved.size || before.size) position.needsUpdate = true;
  }

  _moveBone(bone, move, turn, weight) {
    if (!bone || Object.values(this.bones).some(({ object }) => object === bone)) return;
    if (!this._rests.has(bone)) this._rests.set(bone, { place: bone.position.clone(), turn: bone.quaternion.clone() });
    bone.position.addScaledVector(new THREE.Vector3(...move), weight);
    bone.quaternion.multiply(new THREE.Quaternion().slerp(new THREE.Quaternion(...turn), weight));
  }

  update(seconds) {
    for (const append of this._appends) append();
    this.object.updateMatrixWorld(true);
    this._springs.update(seconds);
  }

  frame() {
    return frameOf(this.object, this.bones.head?.object);
  }

  dispose() {
    disposeOf(this.object);
  }
}

function makeBones(model) {
  const bones = model.bones.map(({ name }) => Object.assign(new THREE.Bone(), { name }));
  model.bones.forEach(({ position, parent }, index) => {
    const above = parent !== index ? model.bones[parent] : undefined;
    const [x, y, z] = above ? position.map((value, axis) => value - above.position[axis]) : position;
    bones[index].position.set(x, y, z);
    if (above && !hangsBelow(model, index, parent)) bones[parent].add(bones[index]);
  });
  return bones;
}

// A damaged file may have bones in a ring.
function hangsBelow(model, index, parent) {
  for (let [at, steps] = [parent, 0]; at >= 0 && model.bones[at]; at = model.bones[at].parent, steps++) {
    if (at === index || steps > model.bones.length) return true;
  }
  return false;
}

function makeMesh(model, bones, materials) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(model.positions.slice(), 3).setUsage(THREE.DynamicDrawUsage));
  geometry.setAttribute("normal", new THREE.BufferAttribute(model.normals, 3));
  geometry.setAttribute("uv", new THREE.BufferAttribute(model.uvs, 2));
  const most = Math.max(0, bones.length - 1);
  geometry.setAttribute("skinIndex", new THREE.BufferAttribute(model.skinIndices.map((index) => Math.min(index, most)), 4));
  geometry.setAttribute("skinWeight", new THREE.BufferAttribute(model.skinWeights, 4));
  geometry.setAttribute("edgeScale", new THREE.BufferAttribute(model.edgeScales, 1));
  geometry.setIndex(new THREE.BufferAttribute(model.indices, 1));
  let start = 0;
  model.materials.forEach(({ count }, index) => {
    geometry.addGroup(start, count, index);
    start += count;
  });
  const mesh = new THREE.SkinnedMesh(geometry, materials.map(([material]) => material));
  mesh.frustumCulled = false;
  for (const bone of bones) if (!bone.parent) mesh.add(bone);
  mesh.updateMatrixWorld(true);
  mesh.bind(new THREE.Skeleton(bones.length ? bones : [new THREE.Bone()]), mesh.matrixWorld.clone());
  outlineOf(mesh, materials.map(([, outline]) => outline));
  return mesh;
}

// Bones that take a share of another's turn: twists, and eyes that both follow one bone.
function makeAppends(model, bones) {
  return model.bones.flatMap(({ append }, index) => {
    const source = append?.rotates ? bones[append.parent] : null;
    if (!source || source === bones[index] || !append.ratio) return [];
    const rest = bones[index].quaternion.clone();
    const sourceRest = source.quaternion.clone().invert();
    const moved = new THREE.Quaternion();
    const share = new THREE.Quaternion();
    const isEye = /目/.test(model.bones[index].name);
    if (isEye) return []; // turned directly
    return [() => {
      moved.copy(sourceRest).multiply(source.quaternion);
      share.identity().slerp(append.ratio < 0 ? moved.invert() : moved, Math.min(1, Math.abs(append.ratio)));
      bones[index].quaternion.copy(rest).multiply(share);
    }];
  });
}

// The model's physics, in simple: bodies that are free swing as chains of springs, the others keep them out.
function makeSprings(model, bones) {
  const swinging = new Set(model.bodies.filter(({ swings }) => swings).map(({ bone }) => bone));
  const colliders = model.bodies
    .filter(({ swings, bone }) => !swings && bones[bone])
    .map(({ bone, shape, size, position, rotation }) => {
      const centre = new THREE.Vector3(...position).sub(new THREE.Vector3(...model.bones[bone].position));
      const along = new THREE.Vector3(0, shape === "capsule" ? size[1] / 2 : 0, 0).applyEuler(new THREE.Euler(...rotation, "YXZ"));
      const radius = shape === "box" ? Math.min(...size) : size[0];
      return new Collider(bones[bone], {
        radius, offset: centre.clone().sub(along).toArray(), tail: shape === "capsule" ? centre.clone().add(along).toArray() : null,
      });
    });
  const depth = (index, steps = 0) => (index < 0 || steps > bones.length ? steps : depth(model.bones[index].parent, steps + 1));
  const order = [...swinging].filter((index) => bones[index]?.parent?.isBone).sort((a, b) => depth(a) - depth(b));
  const joints = order.map((index) => {
    const child = model.bones.findIndex(({ parent }, other) => parent === index && swinging.has(other));
    const tail = child >= 0 ? bones[child].position.clone() : tailOf(model, index);
    return {
      bone: bones[index], tail, stiffness: 0.55, drag: 0.3, gravityPower: 0.08, gravity: [0, -1, 0], radius: 0.01, center: null,
      colliders: child >= 0 ? colliders.filter(({ node }) => node !== bones[index]) : [],
    };
  });
  return new Springs(joints.filter(({ tail }) => tail === null || tail.lengthSq() > 1e-8));
}

function tailOf({ bones }, index) {
  const { tail, position } = bones[index];
  if (tail?.offset) return new THREE.Vector3(...tail.offset);
  const other = bones[tail?.bone];
  return other ? new THREE.Vector3(...other.position).sub(new THREE.Vector3(...position)) : null;
}
