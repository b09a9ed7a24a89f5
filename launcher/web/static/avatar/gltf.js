// An avatar from a .vrm, .glb or .gltf file.

import { GLTFLoader, THREE } from "../three.js";
import { arkitWeights, vrmWeights } from "../expression.js";
import { ARKIT_NAMES, areaOf, arkitName } from "./arkit.js";
import { readConstraints } from "./constraints.js";
import { applyToon } from "./mtoon.js";
import { disposeOf, frameOf, relaxArms, restBone, turnEye, turnHead } from "./rig.js";
import { Collider, Springs } from "./springs.js";
import { DRIVEN, guessBones, mapLook, readVrm } from "./vrm.js";

const PERFECT_SYNC = 8; // so many ARKit clips in a VRM file mean that it wants to be driven by them
// Eyes of a file that sets no limits: a look of 30 degrees turns them by 10, after which most show their white.
const PLAIN_LOOK = { type: "bone" };
for (const side of ["inner", "outer", "down", "up"]) PLAIN_LOOK[side] = { input: 30, output: side === "down" || side === "up" ? 7 : 10 };
const PRESETS = { eyes: ["blinkLeft", "blinkRight", "blink"], mouth: ["aa", "ih", "ou", "ee", "oh"], brows: [], look: [] };

/** The avatar in `files` (ModelFiles). Rejects with an Error that says in words what is wrong. */
export async function loadGltf(files) {
  const document = jsonOf(files.main.data);
  checkFiles(document, files);
  const loader = new GLTFLoader(managerFor(files));
  const bytes = files.main.data;
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  let gltf;
  try {
    gltf = await loader.parseAsync(buffer, "");
  } catch (error) {
    throw new Error(explain(String(error?.message ?? error)));
  }
  const scene = gltf.scene ?? gltf.scenes?.[0];
  if (!scene) throw new Error("the file holds no scene to show");
  const parser = gltf.parser;
  const nodes = await Promise.all((parser.json.nodes ?? []).map((_, index) => parser.getDependency("node", index)));
  const avatar = new GltfAvatar(scene, nodes, parser);
  await avatar.dress(parser);
  return avatar;
}

function jsonOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = bytes;
  if (bytes.length >= 20 && view.getUint32(0, true) === 0x46546c67) {
    if (view.getUint32(4, true) < 2) throw new Error("the file is of glTF 1, which is too old; export it as glTF 2");
    text = bytes.subarray(20, 20 + view.getUint32(12, true));
  }
  try {
    return JSON.parse(new TextDecoder().decode(text));
  } catch {
    throw new Error("this is no glTF or VRM file, or only a part of one");
  }
}

// Names what is compressed, and pictures and data that were not given: the loader would leave them out without a word.
function checkFiles(json, files) {
  if (json === null || typeof json !== "object") throw new Error("this is no glTF or VRM file, or only a part of one");
  const compressed = (json.extensionsRequired ?? []).find((name) => /draco|meshopt|basisu/i.test(name));
  if (compressed) throw new Error(`the file is compressed with ${compressed}, which this page cannot read; export it without compression`);
  for (const { uri } of [...(json.images ?? []), ...(json.buffers ?? [])]) {
    if (!uri || uri.startsWith("data:")) continue;
    if (/^[a-z]+:\/\//i.test(uri)) throw new Error(`the file refers to ${uri} on the internet; export it as one file (.glb or .vrm)`);
    if (!files.find(decodeURIComponent(uri))) {
      throw new Error(`the file refers to “${decodeURIComponent(uri)}”, which was not given; drop the whole folder, or export it as one file`);
    }
  }
}

// The loader asks for its other files by address; they are here already.
function managerFor(files) {
  const manager = new THREE.LoadingManager();
  const urls = [];
  manager.setURLModifier((url) => {
    if (/^(data|blob):/.test(url)) return url;
    const data = files.find(decodeURIComponent(url));
    if (!data) return url;
    urls.push(URL.createObjectURL(new Blob([data])));
    return urls.at(-1);
  });
  manager.onLoad = () => urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  return manager;
}

function explain(message) {
  if (/draco|meshopt|ktx2|basisu/i.test(message)) {
    return `the file is compressed in a way this page cannot read (${message}); export it without compression`;
  }
  return /RangeError|out of bounds|Invalid typed array|offset|buffer/i.test(message)
    ? "the file is damaged or only a part of one"
    : `the file breaks the rules of glTF (${message.replace(/^THREE\.GLTFLoader: /, "").slice(0, 160)})`;
}

class GltfAvatar {
  constructor(scene, nodes, parser) {
    const json = parser.json;
    this.object = scene;
    this.vrm = readVrm(json);
    this.title = this.vrm.title;
    this.kind = this.vrm.version === null ? "glTF" : `VRM ${this.vrm.version}`;
    if (this.vrm.version === 0) scene.rotation.y = Math.PI; // VRM 0 looks along -z, VRM 1 and the viewer along +z
    scene.updateMatrixWorld(true);

    this._nodes = nodes;
    this._morphs = collectMorphs(scene, parser);
    const indexes = this.vrm.version === null ? guessBones(json) : this.vrm.bones;
    this.bones = {};
    const wanted = { head: "head", neck: "neck", leftEye: "leftEye", rightEye: "rightEye", chest: indexes.chest === undefined ? "spine" : "chest" };
    const node = (name) => nodes[indexes[name]] ?? null;
    for (const [bone, name] of Object.entries(wanted)) if (node(name)) this.bones[bone] = restBone(node(name));
    if (!this.bones.head) this.bones.root = restBone(scene); // the whole thing turns
    relaxArms({
      left: { upper: node("leftUpperArm"), lower: node("leftLowerArm") },
      right: { upper: node("rightUpperArm"), lower: node("rightLowerArm") },
    });
    this._look = this.vrm.lookAt ?? PLAIN_LOOK;
    this._hide(parser);
    this._clips = this._bindClips();
    this._arkitAreas = this._chooseAreas();
    this._springs = this._makeSprings();
    this._constraints = readConstraints(json, nodes);
    scene.traverse((child) => {
      child.frustumCulled = false; // a skinned mesh's box is that of its resting pose
    });
  }

  /** Weight of each driven expression after the last `show`, by name. */
  weights = {};

  /** Names of expressions that tracking does not drive, for keys and buttons. */
  get expressions() {
    return Object.entries(this._clips)
      .filter(([name, clip]) => !DRIVEN.has(name) && !ARKIT_NAMES.includes(name) && !clip.isEmpty)
      .map(([name, { title }]) => ({ name, title: title ?? name }));
  }

  /** Put the materials on. Once, before the avatar is shown. */
  async dress(parser) {
    const texture = async (info, isColour = false) => {
      if (info?.index === undefined || info === null) return null;
      const holder = {};
      return parser.assignTexture(holder, "map", info, isColour ? THREE.SRGBColorSpace : undefined);
    };
    const materialOf = (mesh) => parser.associations.get(mesh.material)?.materials;
    const plain = new Map();
    this.object.traverse((child) => {
      if (!child.isMesh) return;
      if (!child.geometry.attributes.normal) child.geometry.computeVertexNormals();
      const index = materialOf(child);
      if (index !== undefined) plain.set(index, child.material);
    });
    const bindable = await applyToon(this.object, parser.json, texture, materialOf);
    for (const [index, material] of plain) {
      if (bindable.has(index)) continue;
      const transforms = material.map ? [material.map.matrix] : [];
      if (material.map) {
        material.map.updateMatrix();
        material.map.matrixAutoUpdate = false;
      }
      bindable.set(index, { colours: { color: material.color, emissionColor: material.emissive }, transforms });
    }
    this._bindMaterials(bindable);
  }

  _hide(parser) {
    for (const { node, mesh } of this.vrm.hidden) {
      this.object.traverse((child) => {
        if (!child.isMesh) return;
        const { meshIndex, nodeIndex } = originOf(child, parser);
        if (node !== undefined ? nodeIndex === node : meshIndex === mesh) child.visible = false;
      });
    }
  }

  _bindClips() {
    const clips = {};
    for (const [name, clip] of Object.entries(this.vrm.clips)) {
      const morphs = clip.morphs.flatMap(({ mesh, node, index, weight }) =>
        this._morphs
          .filter((morph) => (mesh !== undefined ? morph.meshIndex === mesh : morph.nodeIndex === node))
          .filter((morph) => index < morph.object.morphTargetInfluences.length)
          .map((morph) => ({ object: morph.object, index, weight })),
      );
      clips[name] = { ...clip, morphs, isEmpty: !clip.colours.length && !clip.shifts.length && morphs.every(isEmpty) };
    }
    // Morph targets that carry ARKit's names are driven directly, unless a clip of that name does it. Many files carry
    // the names without the shapes, which do not count.
    for (const { object } of this._morphs) {
      for (const [name, index] of Object.entries(object.morphTargetDictionary ?? {})) {
        const own = arkitName(name);
        if (!own || (this.vrm.clips[own] && !clips[own].isEmpty)) continue;
        const morph = { object, index, weight: 1 };
        if (isEmpty(morph) && this.vrm.version !== null) continue;
        clips[own] = { morphs: [], colours: [], shifts: [], overrides: {}, isRaw: true, ...clips[own], isEmpty: false };
        clips[own].morphs.push(morph);
      }
    }
    return clips;
  }

  // Each part of the face is moved by ARKit's shapes or by the file's own presets, never by both.
  _chooseAreas() {
    const names = Object.entries(this._clips).filter(([name, clip]) => ARKIT_NAMES.includes(name) && !clip.isEmpty);
    const own = names.filter(([, clip]) => !clip.isRaw).length;
    const areas = new Set();
    for (const area of ["eyes", "brows", "mouth", "look"]) {
      const has = names.filter(([name]) => areaOf(name) === area);
      const presets = PRESETS[area].filter((name) => this._clips[name] && !this._clips[name].isEmpty);
      const wanted = this.vrm.version === null || own >= PERFECT_SYNC || !presets.length;
      if (has.length && (wanted || has.some(([, clip]) => !clip.isRaw) && own >= PERFECT_SYNC)) areas.add(area);
    }
    if (this.vrm.lookAt?.type === "expression" && this._clips.lookLeft) areas.delete("look");
    if (this._turnsEyes() && this._look.type === "bone") areas.delete("look"); // the eyes' bones do it
    return areas;
  }

  _bindMaterials(bindable) {
    for (const clip of Object.values(this._clips)) {
      clip.colourBinds = clip.colours.flatMap(({ material, type, value, isSrgb }) => {
        const colour = bindable.get(material)?.colours[type];
        if (!colour) return [];
        const [r = 0, g = 0, b = 0] = value ?? [];
        const target = new THREE.Color();
        target.setRGB(r, g, b, isSrgb ? THREE.SRGBColorSpace : THREE.LinearSRGBColorSpace);
        const delta = { r: target.r - colour.r, g: target.g - colour.g, b: target.b - colour.b }; // sub stops at 0
        return [{ colour, delta, base: colour.clone() }];
      });
      clip.shiftBinds = clip.shifts.flatMap(({ material, offset, scale }) =>
        (bindable.get(material)?.transforms ?? []).map((transform) => ({ transform, offset, scale })),
      );
    }
    this._colours = new Map();
    this._transforms = new Map();
    for (const clip of Object.values(this._clips)) {
      for (const { colour, base } of clip.colourBinds) this._colours.set(colour, base);
      for (const { transform } of clip.shiftBinds) this._transforms.set(transform, transform.clone());
    }
  }

  _makeSprings() {
    const colliders = this.vrm.colliders
      .filter(({ node }) => this._nodes[node])
      .map(({ group, node, ...shape }) => ({ group, collider: new Collider(this._nodes[node], shape) }));
    const joints = this.vrm.springs
      .filter(({ node }) => this._nodes[node])
      .map(({ node, tail, groups, center, ...settings }) => ({
        ...settings,
        bone: this._nodes[node],
        tail: this._nodes[tail]?.position.clone() ?? null,
        colliders: colliders.filter(({ group }) => groups.includes(group)).map(({ collider }) => collider),
        center: this._nodes[center] ?? null,
      }));
    return new Springs(joints.filter(({ tail }) => tail === null || tail.lengthSq() > 0));
  }

  /** How many bones swing. */
  get swinging() {
    return this._springs.count;
  }

  /** Take the pose and face of `expression`. */
  show(expression) {
    turnHead(this.bones, expression);
    const extras = expression.extras ?? {};
    const weights = { ...this._faceWeights(expression), ...extras };
    const kept = this._keptByOverrides(extras);
    for (const [name, value] of Object.entries(weights)) {
      if (name in extras) continue;
      if (/^blink|^eyeBlink/.test(name)) weights[name] = value * kept.blink;
      else if (/^(aa|ih|ou|ee|oh)$/.test(name) || (ARKIT_NAMES.includes(name) && areaOf(name) === "mouth")) weights[name] = value * kept.mouth;
      else if (/^look|^eyeLook/.test(name)) weights[name] = value * kept.lookAt;
    }
    if (this._look.type === "bone") this._turnEyes(expression, kept.lookAt);
    this._applyWeights(weights);
  }

  // VRM 1: a smile with closed eyes holds back the blinks.
  _keptByOverrides(extras) {
    const kept = { blink: 1, lookAt: 1, mouth: 1 };
    for (const [name, weight] of Object.entries(extras)) {
      const overrides = this._clips[name]?.overrides ?? {};
      for (const part of Object.keys(kept)) {
        if (overrides[part] === "block" && weight > 0) kept[part] = 0;
        else if (overrides[part] === "blend") kept[part] = Math.max(0, kept[part] - weight);
      }
    }
    return kept;
  }

  _faceWeights(expression) {
    const areas = this._arkitAreas;
    const weights = {};
    for (const [name, value] of Object.entries(arkitWeights(expression))) if (areas.has(areaOf(name))) weights[name] = value;
    const presets = vrmWeights(expression);
    if (!(this._clips.blinkLeft && this._clips.blinkRight)) {
      presets.blink = Math.min(presets.blinkLeft, presets.blinkRight); // a wink is not shown with both eyes
      delete presets.blinkLeft;
      delete presets.blinkRight;
    }
    for (const [name, value] of Object.entries(presets)) {
      if (!areas.has(name.startsWith("blink") ? "eyes" : "mouth")) weights[name] = value;
    }
    if (this._look.type === "expression") {
      const { inner, outer, down, up } = this._look;
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

  _turnEyes({ left, right }, kept) {
    const look = this._look;
    for (const [bone, { lookX, lookY }, outwards] of [
      [this.bones.leftEye, left, 1],
      [this.bones.rightEye, right, -1],
    ]) {
      if (!bone) continue;
      const yaw = Math.sign(lookX) * mapLook(Math.abs(lookX), lookX * outwards > 0 ? look.outer : look.inner);
      const pitch = lookY > 0 ? mapLook(lookY, look.up) : -mapLook(-lookY, look.down);
      turnEye(bone, yaw * kept, pitch * kept);
    }
  }

  _applyWeights(weights) {
    for (const { object } of this._morphs) object.morphTargetInfluences.fill(0);
    this._colours?.forEach((base, colour) => colour.copy(base));
    this._transforms?.forEach((base, transform) => transform.copy(base));
    this.weights = {};
    for (const [name, value] of Object.entries(weights)) {
      const clip = this._clips[name];
      if (!clip) continue;
      const shown = clip.isBinary ? Number(value >= 0.5) : value;
      this.weights[name] = shown;
      if (!shown) continue;
      for (const { object, index, weight } of clip.morphs) {
        const sum = object.morphTargetInfluences[index] + shown * weight;
        object.morphTargetInfluences[index] = Math.min(1, sum);
      }
      for (const { colour, delta } of clip.colourBinds ?? []) {
        colour.r += delta.r * shown;
        colour.g += delta.g * shown;
        colour.b += delta.b * shown;
      }
      for (const { transform, offset, scale } of clip.shiftBinds ?? []) {
        const moved = (at, to) => 1 + (to - 1) * at;
        const shift = new THREE.Matrix3().set(
          moved(shown, scale[0]), 0, offset[0] * shown, 0, moved(shown, scale[1]), offset[1] * shown, 0, 0, 1,
        );
        transform.premultiply(shift);
      }
    }
  }

  /** Let `seconds` pass: hair swings, and nodes follow others. */
  update(seconds) {
    this.object.updateMatrixWorld(true);
    for (const constrain of this._constraints) constrain();
    if (this._constraints.length) this.object.updateMatrixWorld(true);
    this._springs.update(seconds);
  }

  /** Whether anything moves by itself. */
  get isLively() {
    return this._springs.count > 0;
  }

  frame() {
    return frameOf(this.object, this.bones.head?.object);
  }

  dispose() {
    disposeOf(this.object);
  }
}

// Every mesh with morph targets, with the glTF mesh and node it comes from.
function collectMorphs(scene, parser) {
  const morphs = [];
  scene.traverse((object) => {
    if (object.morphTargetInfluences?.length) morphs.push({ object, ...originOf(object, parser) });
  });
  return morphs;
}

function originOf(object, parser) {
  let nodeIndex;
  for (let at = object; at && nodeIndex === undefined; at = at.parent) nodeIndex = parser.associations.get(at)?.nodes;
  return { meshIndex: parser.associations.get(object)?.meshes, nodeIndex };
}

// A target that moves nothing.
function isEmpty({ object, index }) {
  const shape = object.geometry.morphAttributes.position?.[index];
  if (!shape) return true;
  for (let i = 0; i < shape.count; i++) {
    if (Math.abs(shape.getX(i)) + Math.abs(shape.getY(i)) + Math.abs(shape.getZ(i)) > 1e-7) return false;
  }
  return true;
}

function meanLook({ left, right }) {
  return { lookX: (left.lookX + right.lookX) / 2, lookY: (left.lookY + right.lookY) / 2 };
}
