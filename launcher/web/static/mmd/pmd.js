// PMD, the older format of MikuMikuDance's models. Frames of reference and the result are those of `pmx.js`.

import { Binary } from "./binary.js";

const NONE = 0xffff;

/** The model in `bytes`. Throws RangeError for a file that is cut off. */
export function readPmd(bytes) {
  const from = new Binary(bytes);
  from.skip(3);
  const version = from.f32();
  if (Math.abs(version - 1) > 1e-6) throw new Error(`the model is of PMD ${version.toFixed(1)}, of which only 1.0 can be read`);
  const vector = () => {
    const [x, y, z] = from.floats(3);
    return [x, y, -z];
  };
  const model = { title: from.shiftJis(20) };
  from.skip(256);

  const vertexCount = from.count(from.u32(), 38);
  Object.assign(model, {
    positions: new Float32Array(vertexCount * 3), normals: new Float32Array(vertexCount * 3), uvs: new Float32Array(vertexCount * 2),
    skinIndices: new Uint16Array(vertexCount * 4), skinWeights: new Float32Array(vertexCount * 4), edgeScales: new Float32Array(vertexCount),
  });
  for (let i = 0; i < vertexCount; i++) {
    model.positions.set(vector(), 3 * i);
    model.normals.set(vector(), 3 * i);
    model.uvs.set(from.floats(2), 2 * i);
    model.skinIndices.set([from.u16(), from.u16()], 4 * i);
    const weight = from.u8() / 100;
    model.skinWeights.set([weight, 1 - weight], 4 * i);
    model.edgeScales[i] = from.u8() ? 0 : 1; // 1 switches the outline off
  }

  const indexCount = from.count(from.u32(), 2);
  model.indices = new Uint32Array(indexCount);
  for (let i = 0; i + 2 < indexCount; i += 3) {
    const [a, b, c] = [from.u16(), from.u16(), from.u16()];
    model.indices.set([a, c, b], i);
  }
  if (model.indices.some((each) => each >= vertexCount)) throw new RangeError("a triangle has a point that is not there");

  model.textures = [];
  const textureOf = (name) => (name ? model.textures.push(name) - 1 : -1);
  const toonNumbers = [];
  model.materials = Array.from({ length: from.count(from.u32(), 70) }, () => {
    const diffuse = from.floats(4);
    const shininess = from.f32();
    const specular = from.floats(3);
    const ambient = from.floats(3);
    toonNumbers.push(from.i8());
    const hasEdge = from.u8() !== 0;
    const count = from.u32();
    const names = from.shiftJis(20).split("*");
    const isSphere = (name) => /\.sp[ha]$/i.test(name);
    const sphere = names.find(isSphere) ?? "";
    return {
      name: "", diffuse, specular, shininess, ambient, doubleSided: diffuse[3] < 1, hasEdge, edgeColour: [0, 0, 0, 1], edgeSize: 1,
      texture: textureOf(names.find((name) => name && !isSphere(name)) ?? ""), sphere: textureOf(sphere),
      sphereMode: sphere ? (/\.spa$/i.test(sphere) ? "add" : "multiply") : "none", toon: -1, sharedToon: null, count,
    };
  });

  model.bones = Array.from({ length: from.count(from.u16(), 39) }, () => {
    const name = from.shiftJis(20);
    const parent = from.u16();
    const tail = from.u16();
    from.skip(3);
    return {
      name, englishName: "", parent: parent === NONE ? -1 : parent, tail: tail === NONE || tail === 0 ? null : { bone: tail },
      position: vector(), append: null,
    };
  });
  for (let chains = from.count(from.u16(), 11); chains > 0; chains--) {
    from.skip(4);
    const links = from.u8();
    from.skip(6 + 2 * links);
  }

  // The first list of a PMD holds all vertices that any face moves; the others count along it.
  let base = null;
  model.morphs = [];
  for (let left = from.count(from.u16(), 25); left > 0; left--) {
    const name = from.shiftJis(20);
    const count = from.count(from.u32(), 16);
    const panel = from.u8();
    const vertices = { indices: new Uint32Array(count), offsets: new Float32Array(count * 3) };
    for (let i = 0; i < count; i++) {
      const at = from.u32();
      vertices.indices[i] = panel === 0 || !base ? at : base[at] ?? 0;
      vertices.offsets.set(vector(), 3 * i);
    }
    if (panel === 0) base = vertices.indices;
    else model.morphs.push({ name, englishName: "", panel, vertices, group: null, bones: null });
  }

  model.bodies = [];
  readRest(from, model, toonNumbers, vector);
  return model;
}

// Lists for display, English names, toon pictures and bodies; old files end before any of them.
function readRest(from, model, toonNumbers, vector) {
  if (from.left < 2) return;
  from.skip(2 * from.u8());
  const groups = from.u8();
  from.skip(50 * groups);
  from.skip(3 * from.u32());
  if (from.left < 1) return;
  if (from.u8() === 1) {
    from.skip(276);
    from.skip(20 * model.bones.length + 20 * model.morphs.length + 50 * groups);
  }
  if (from.left < 1000) return;
  const toons = Array.from({ length: 10 }, () => from.shiftJis(100));
  model.materials.forEach((material, i) => {
    const number = toonNumbers[i];
    const name = toons[number];
    if (name === undefined) return;
    if (/^toon(0[1-9]|10)\.bmp$/i.test(name)) material.sharedToon = Number(name.slice(4, 6)) - 1;
    else if (name) material.toon = model.textures.push(name) - 1;
  });
  if (from.left < 4) return;
  model.bodies = Array.from({ length: from.count(from.u32(), 83) }, () => {
    from.skip(20);
    const bone = from.i16();
    const group = from.u8();
    from.skip(2);
    const shape = ["sphere", "box", "capsule"][from.u8()] ?? "sphere";
    const size = from.floats(3);
    const offset = vector(); // from the bone
    const [rx, ry, rz] = from.floats(3);
    from.skip(20);
    const origin = model.bones[bone]?.position ?? [0, 0, 0];
    const position = offset.map((value, axis) => value + origin[axis]);
    return { bone, group, shape, size, position, rotation: [-rx, -ry, rz], swings: from.u8() !== 0 };
  });
}
