// PMX 2.0 and 2.1, the format of MikuMikuDance's models since 2010, as its editor's specification describes it.
//
// Lengths are MMD's (8 cm each). MMD's z points into the scene and its triangles wind the other way; both are turned
// round here, so that what comes out looks along +z in a right-handed frame. Bones have no axes of their own: they all
// rest unturned.

import { Binary } from "./binary.js";

const MORPH_SIZES = { 0: 4, 1: 12, 2: 28, 3: 16, 4: 16, 5: 16, 6: 16, 7: 16, 8: 113, 9: 4, 10: 25 };

/** The model in `bytes`: see `mmd/model.js` for its shape. Throws RangeError for a file that is cut off. */
export function readPmx(bytes) {
  const from = new Binary(bytes);
  from.skip(4);
  const version = from.f32();
  if (!(version >= 2 && version < 3)) throw new Error(`the model is of PMX ${version.toFixed(1)}, of which only 2.0 and 2.1 can be read`);
  const globals = from.bytes(from.u8());
  const decoder = new TextDecoder(globals[0] === 0 ? "utf-16le" : "utf-8");
  const text = () => decoder.decode(from.bytes(from.count(from.i32())));
  const index = (size) => () => (size === 1 ? from.i8() : size === 2 ? from.i16() : from.i32());
  const vertexIndex = () => (globals[2] === 1 ? from.u8() : globals[2] === 2 ? from.u16() : from.i32());
  const [textureIndex, materialIndex, boneIndex, morphIndex, bodyIndex] = [3, 4, 5, 6, 7].map((at) => index(globals[at]));
  const vector = () => {
    const [x, y, z] = from.floats(3);
    return [x, y, -z];
  };
  const title = text();
  const englishTitle = text();
  text();
  text();

  const vertexCount = from.count(from.i32(), 38);
  const model = {
    title: title || englishTitle,
    positions: new Float32Array(vertexCount * 3), normals: new Float32Array(vertexCount * 3), uvs: new Float32Array(vertexCount * 2),
    skinIndices: new Uint16Array(vertexCount * 4), skinWeights: new Float32Array(vertexCount * 4), edgeScales: new Float32Array(vertexCount),
  };
  for (let i = 0; i < vertexCount; i++) {
    model.positions.set(vector(), 3 * i);
    model.normals.set(vector(), 3 * i);
    model.uvs.set(from.floats(2), 2 * i);
    from.skip(16 * globals[1]); // additional UVs
    const kind = from.u8();
    const bones = Array.from({ length: [1, 2, 4, 2, 4][kind] ?? 0 }, boneIndex);
    if (!bones.length) throw new RangeError("a vertex is bound in an unknown way");
    let weights = [1];
    if (kind === 1 || kind === 3) {
      const weight = from.f32();
      weights = [weight, 1 - weight];
      if (kind === 3) from.skip(36); // spherical blending is shown as the linear one
    } else if (kind !== 0) weights = from.floats(4);
    bones.forEach((bone, j) => {
      model.skinIndices[4 * i + j] = Math.max(0, bone);
      model.skinWeights[4 * i + j] = bone < 0 ? 0 : weights[j];
    });
    model.edgeScales[i] = from.f32();
  }

  const indexCount = from.count(from.i32(), globals[2]);
  model.indices = new Uint32Array(indexCount);
  for (let i = 0; i + 2 < indexCount; i += 3) {
    const [a, b, c] = [vertexIndex(), vertexIndex(), vertexIndex()];
    model.indices.set([a, c, b], i);
  }
  if (model.indices.some((each) => each >= vertexCount)) throw new RangeError("a triangle has a point that is not there");

  model.textures = Array.from({ length: from.count(from.i32(), 4) }, text);
  model.materials = Array.from({ length: from.count(from.i32(), 60) }, () => {
    const name = text();
    text();
    const diffuse = from.floats(4);
    const specular = from.floats(3);
    const shininess = from.f32();
    const ambient = from.floats(3);
    const flags = from.u8();
    const edgeColour = from.floats(4);
    const edgeSize = from.f32();
    const texture = textureIndex();
    const sphere = textureIndex();
    const sphereMode = ["none", "multiply", "add", "none"][from.u8()] ?? "none";
    const sharedToon = from.u8() === 1;
    const toon = sharedToon ? from.u8() : textureIndex();
    text();
    return {
      name, diffuse, specular, shininess, ambient, doubleSided: Boolean(flags & 1), hasEdge: Boolean(flags & 0x10), edgeColour, edgeSize,
      texture, sphere: sphereMode === "none" ? -1 : sphere, sphereMode, toon: sharedToon ? -1 : toon, sharedToon: sharedToon ? toon : null,
      count: from.i32(),
    };
  });

  model.bones = Array.from({ length: from.count(from.i32(), 20) }, () => {
    const name = text();
    const englishName = text();
    const position = vector();
    const parent = boneIndex();
    from.skip(4);
    const flags = from.u16();
    const bone = { name, englishName, position, parent, tail: null, append: null };
    if (flags & 1) bone.tail = { bone: boneIndex() };
    else bone.tail = { offset: vector() };
    if (flags & 0x300) bone.append = { parent: boneIndex(), ratio: from.f32(), rotates: Boolean(flags & 0x100) };
    if (flags & 0x400) from.skip(12);
    if (flags & 0x800) from.skip(24);
    if (flags & 0x2000) from.skip(4);
    if (flags & 0x20) {
      boneIndex();
      from.skip(8);
      for (let links = from.count(from.i32(), 2); links > 0; links--) {
        boneIndex();
        if (from.u8()) from.skip(24);
      }
    }
    return bone;
  });

  model.morphs = Array.from({ length: from.count(from.i32(), 14) }, () => {
    const name = text();
    const englishName = text();
    const panel = from.u8();
    const kind = from.u8();
    const count = from.i32();
    const morph = { name, englishName, panel, vertices: null, group: null, bones: null };
    if (kind === 1) {
      from.count(count, 13);
      morph.vertices = { indices: new Uint32Array(count), offsets: new Float32Array(count * 3) };
      for (let i = 0; i < count; i++) {
        morph.vertices.indices[i] = vertexIndex();
        morph.vertices.offsets.set(vector(), 3 * i);
      }
    } else if (kind === 0 || kind === 9) {
      const members = Array.from({ length: from.count(count, 5) }, () => ({ morph: morphIndex(), weight: from.f32() }));
      if (kind === 0) morph.group = members;
    } else if (kind === 2) {
      morph.bones = Array.from({ length: from.count(count, 29) }, () => {
        const bone = boneIndex();
        const move = vector();
        const [x, y, z, w] = from.floats(4);
        return { bone, move, turn: [-x, -y, z, w] };
      });
    } else {
      const size = MORPH_SIZES[kind];
      if (size === undefined) throw new RangeError("a morph is of an unknown kind");
      const own = kind === 8 ? globals[4] : kind === 10 ? globals[7] : globals[2];
      from.skip(from.count(count, 1) * (size - (kind === 8 ? 1 : 0) + own + (kind === 10 ? 0 : 0)));
    }
    return morph;
  });

  for (let frames = from.count(from.i32(), 13); frames > 0; frames--) {
    text();
    text();
    from.skip(1);
    for (let members = from.count(from.i32(), 2); members > 0; members--) {
      if (from.u8() === 0) boneIndex();
      else morphIndex();
    }
  }

  model.bodies = Array.from({ length: from.count(from.i32(), 60) }, () => {
    text();
    text();
    const bone = boneIndex();
    const group = from.u8();
    from.skip(2);
    const shape = ["sphere", "box", "capsule"][from.u8()] ?? "sphere";
    const size = from.floats(3);
    const position = vector();
    const [rx, ry, rz] = from.floats(3);
    from.skip(20);
    return { bone, group, shape, size, position, rotation: [-rx, -ry, rz], swings: from.u8() !== 0 };
  });
  return model;
}
