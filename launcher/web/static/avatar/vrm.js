// Reads the VRM 0 (`VRM`) and VRM 1 (`VRMC_vrm`) extensions of a glTF file's JSON. No drawing here.

const VRM0_PRESETS = {
  a: "aa", i: "ih", u: "ou", e: "ee", o: "oh",
  blink: "blink", blink_l: "blinkLeft", blink_r: "blinkRight",
  lookup: "lookUp", lookdown: "lookDown", lookleft: "lookLeft", lookright: "lookRight",
  joy: "happy", angry: "angry", sorrow: "sad", fun: "relaxed", neutral: "neutral",
};
const VRM0_COLOURS = {
  _Color: "color", _ShadeColor: "shadeColor", _EmissionColor: "emissionColor", _RimColor: "rimColor",
  _OutlineColor: "outlineColor",
};
const DEFAULT_RANGE = { input: 90, output: 10 }; // VRM's own defaults: ten degrees of bone for ninety of look

/** Expressions that tracking drives; all others are for keys and buttons. */
export const DRIVEN = new Set([
  "aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "lookUp", "lookDown", "lookLeft", "lookRight", "neutral",
]);

/**
 * What drives the avatar in `json`.
 *
 * version: 0, 1, or null for a plain glTF. bones: humanoid name -> node index. clips: expression name as in VRM 1, or
 * the file's own name -> { morphs: [{ node or mesh, index, weight }], colours: [{ material, type, value: [r, g, b, a] }],
 * shifts: [{ material, offset, scale }], isBinary, overrides: { blink, lookAt, mouth }: "none", "block" or "blend" }.
 * lookAt: { type: "bone" | "expression", inner, outer, down, up }, each { input, output }: a look of `input` degrees
 * turns the bone by `output` degrees, or sets the expression to `output`. hidden: nodes or meshes for the first person
 * alone. springs: [{ nodes, ...settings }] chains, see `readSprings1`.
 */
export function readVrm(json) {
  const extensions = json.extensions ?? {};
  if (extensions.VRMC_vrm) return readVrm1(extensions.VRMC_vrm, extensions.VRMC_springBone);
  if (extensions.VRM) return readVrm0(json, extensions.VRM);
  return { version: null, title: "", bones: {}, clips: {}, lookAt: null, hidden: [], springs: [], colliders: [] };
}

function readVrm0(json, vrm) {
  const bones = {};
  for (const { bone, node } of vrm.humanoid?.humanBones ?? []) bones[bone] = node;
  const clips = {};
  for (const group of vrm.blendShapeMaster?.blendShapeGroups ?? []) {
    const name = clipName(group);
    if (!name) continue;
    clips[name] = {
      title: group.name || name,
      morphs: (group.binds ?? []).map(({ mesh, index, weight }) => ({ mesh, index, weight: (weight ?? 100) / 100 })),
      ...materialValues(json, group.materialValues ?? []),
      isBinary: Boolean(group.isBinary),
      overrides: {},
    };
  }
  const look = vrm.firstPerson ?? {};
  const range = (curve) => (curve ? { input: curve.xRange ?? 90, output: curve.yRange ?? 10 } : DEFAULT_RANGE);
  return {
    version: 0,
    title: vrm.meta?.title ?? "",
    bones,
    clips,
    lookAt: {
      type: look.lookAtTypeName === "BlendShape" ? "expression" : "bone",
      inner: range(look.lookAtHorizontalInner),
      outer: range(look.lookAtHorizontalOuter),
      down: range(look.lookAtVerticalDown),
      up: range(look.lookAtVerticalUp),
    },
    hidden: firstPersonOnly(look.meshAnnotations, "firstPersonFlag", "mesh"),
    ...readSprings0(json, vrm.secondaryAnimation ?? {}),
  };
}

// Perfect Sync files write ARKit's names with a capital; presets may stand in the name alone in old files.
function clipName({ presetName, name }) {
  const preset = VRM0_PRESETS[(presetName ?? "").toLowerCase()] ?? VRM0_PRESETS[(name ?? "").toLowerCase()];
  return preset ?? (name ? name[0].toLowerCase() + name.slice(1) : "");
}

function materialValues(json, values) {
  const [colours, shifts] = [[], []];
  for (const { materialName, propertyName, targetValue = [] } of values) {
    const material = (json.materials ?? []).findIndex(({ name }) => name === materialName);
    if (material < 0) continue;
    if (VRM0_COLOURS[propertyName]) colours.push({ material, type: VRM0_COLOURS[propertyName], value: targetValue, isSrgb: true });
    const wanted = /^_MainTex_ST(_S|_T)?$/.exec(propertyName ?? "");
    if (wanted) {
      const [sx = 1, sy = 1, ox = 0, oy = 0] = targetValue;
      const axis = wanted[1];
      // Textures have their origin at the bottom in Unity.
      shifts.push({
        material,
        scale: [axis === "_T" ? 1 : sx, axis === "_S" ? 1 : sy],
        offset: [axis === "_T" ? 0 : ox, axis === "_S" ? 0 : 1 - oy - sy],
      });
    }
  }
  return { colours, shifts };
}

const firstPersonOnly = (annotations, flag, key) =>
  (annotations ?? []).filter((each) => /^firstPersonOnly$/i.test(each[flag] ?? "")).map((each) => ({ [key]: each[key] }));

const vector = ({ x = 0, y = 0, z = 0 } = {}) => [x, y, z];

// Every bone below a chain's root swings, branches too; the last ones have no tail of their own.
function readSprings0(json, { boneGroups = [], colliderGroups = [] }) {
  const colliders = colliderGroups.flatMap(({ node, colliders: balls = [] }, group) =>
    balls.map(({ offset, radius }) => {
      const [x, y, z] = vector(offset);
      return { group, node, offset: [x, y, -z], tail: null, radius: radius ?? 0 }; // z is reversed in VRM 0
    }),
  );
  const springs = [];
  for (const group of boneGroups) {
    const settings = {
      stiffness: group.stiffiness ?? 1, // spelled so in the format
      drag: group.dragForce ?? 0.4,
      gravityPower: group.gravityPower ?? 0,
      gravity: group.gravityDir ? vector(group.gravityDir) : [0, -1, 0],
      radius: group.hitRadius ?? 0.02,
      groups: group.colliderGroups ?? [],
      center: group.center >= 0 ? group.center : null,
    };
    const grow = (node) => {
      const children = json.nodes?.[node]?.children ?? [];
      springs.push({ node, tail: children[0] ?? null, ...settings });
      children.forEach(grow);
    };
    (group.bones ?? []).forEach(grow);
  }
  return { springs, colliders };
}

function readVrm1(vrm, springBone) {
  const bones = {};
  for (const [bone, value] of Object.entries(vrm.humanoid?.humanBones ?? {})) bones[bone] = value.node;
  const clips = {};
  for (const [name, clip] of Object.entries({ ...vrm.expressions?.custom, ...vrm.expressions?.preset })) {
    const own = name[0].toLowerCase() + name.slice(1);
    clips[own] = {
      title: name,
      morphs: (clip.morphTargetBinds ?? []).map(({ node, index, weight }) => ({ node, index, weight: weight ?? 1 })),
      colours: (clip.materialColorBinds ?? []).map(({ material, type, targetValue }) => ({ material, type, value: targetValue })),
      shifts: (clip.textureTransformBinds ?? []).map(({ material, offset = [0, 0], scale = [1, 1] }) => ({ material, offset, scale })),
      isBinary: Boolean(clip.isBinary),
      overrides: { blink: clip.overrideBlink, lookAt: clip.overrideLookAt, mouth: clip.overrideMouth },
    };
  }
  const look = vrm.lookAt ?? {};
  const range = (map) => (map ? { input: map.inputMaxValue ?? 90, output: map.outputScale ?? 10 } : DEFAULT_RANGE);
  return {
    version: 1,
    title: vrm.meta?.name ?? "",
    bones,
    clips,
    lookAt: {
      type: look.type === "expression" ? "expression" : "bone",
      inner: range(look.rangeMapHorizontalInner),
      outer: range(look.rangeMapHorizontalOuter),
      down: range(look.rangeMapVerticalDown),
      up: range(look.rangeMapVerticalUp),
    },
    hidden: firstPersonOnly(vrm.firstPerson?.meshAnnotations, "type", "node"),
    ...readSprings1(springBone ?? {}),
  };
}

// Each joint swings towards the next one; a chain's last joint is only a tail.
function readSprings1({ springs = [], colliders = [], colliderGroups = [] }) {
  const groupsOf = (index) => colliderGroups.flatMap((group, i) => ((group.colliders ?? []).includes(index) ? [i] : []));
  return {
    springs: springs.flatMap(({ joints = [], colliderGroups: groups = [], center = null }) =>
      joints.slice(0, -1).map((joint, i) => ({
        node: joint.node,
        tail: joints[i + 1].node,
        stiffness: joint.stiffness ?? 1,
        drag: joint.dragForce ?? 0.5,
        gravityPower: joint.gravityPower ?? 0,
        gravity: joint.gravityDir ?? [0, -1, 0],
        radius: joint.hitRadius ?? 0,
        groups,
        center,
      })),
    ),
    colliders: colliders.flatMap(({ node, shape = {} }, index) => {
      const { offset = [0, 0, 0], radius = 0, tail = null } = shape.sphere ?? shape.capsule ?? {};
      return groupsOf(index).map((group) => ({ group, node, offset, radius, tail: shape.capsule ? tail : null }));
    }),
  };
}

/** A look of `degrees` through `range`: clamped to its input, scaled to its output. */
export function mapLook(degrees, range) {
  if (range.input <= 0) return 0;
  return (Math.min(Math.max(degrees, 0), range.input) / range.input) * range.output;
}

/** The nodes of a plain glTF that look like bones of a body by their names. */
export function guessBones(json) {
  const side = (left, right, name) => [
    `(?:${left}[ _.-]?${name}|${name}[ _.-]?(?:${left}|${left[0]}))`, `(?:${right}[ _.-]?${name}|${name}[ _.-]?(?:${right}|${right[0]}))`,
  ];
  const [leftEye, rightEye] = side("left", "right", "eye");
  const arms = (name) => side("left", "right", name);
  const [leftUpper, rightUpper] = arms("(?:upper[ _.-]?)?arm");
  const [leftLower, rightLower] = arms("(?:fore[ _.-]?arm|lower[ _.-]?arm)");
  const whole = (text) => new RegExp(`^(?:.*[^a-z])?${text}(?:[^a-z].*)?$`, "i");
  const patterns = {
    leftEye: whole(leftEye), rightEye: whole(rightEye),
    head: /^(?:.*[^a-z])?head$/i, neck: /^(?:.*[^a-z])?neck$/i,
    chest: /^(?:.*[^a-z])?(?:chest|spine[ _.-]?0?2|spine)$/i,
    leftUpperArm: whole(leftUpper), rightUpperArm: whole(rightUpper),
    leftLowerArm: whole(leftLower), rightLowerArm: whole(rightLower),
  };
  const bones = {};
  (json.nodes ?? []).forEach((node, index) => {
    for (const [bone, pattern] of Object.entries(patterns)) {
      // A mesh may be called after the part that it shows; a bone has something below it.
      const isMesh = node.mesh !== undefined && !node.children?.length && !/eye/i.test(bone);
      if (bones[bone] === undefined && !isMesh && pattern.test(node.name ?? "")) bones[bone] = index;
    }
  });
  return bones;
}
