// Reads the VRM 0 (`VRM`) and VRM 1 (`VRMC_vrm`) extensions of a glTF file's JSON. No drawing here.

const VRM0_PRESETS = {
  a: "aa", i: "ih", u: "ou", e: "ee", o: "oh",
  blink: "blink", blink_l: "blinkLeft", blink_r: "blinkRight",
  lookup: "lookUp", lookdown: "lookDown", lookleft: "lookLeft", lookright: "lookRight",
  joy: "happy", angry: "angry", sorrow: "sad", fun: "relaxed", neutral: "neutral",
};
const DEFAULT_RANGE = { input: 90, output: 10 }; // VRM's own defaults: ten degrees of bone for ninety of look

/**
 * What drives the avatar in `json`.
 *
 * version: 0, 1, or null for a plain glTF. bones: humanoid name -> node index. clips: expression name as in VRM 1, or
 * the file's own name -> [{ node or mesh, index, weight }] with weight 0 to 1. binary: names of clips that are only on
 * or off. lookAt: { type: "bone" | "expression", inner, outer, down, up }, each { input, output }: a look of `input`
 * degrees turns the bone by `output` degrees, or sets the expression to `output`.
 */
export function readVrm(json) {
  const extensions = json.extensions ?? {};
  if (extensions.VRMC_vrm) return readVrm1(extensions.VRMC_vrm);
  if (extensions.VRM) return readVrm0(extensions.VRM);
  return { version: null, title: "", bones: {}, clips: {}, binary: new Set(), lookAt: null };
}

function readVrm0(vrm) {
  const bones = {};
  for (const { bone, node } of vrm.humanoid?.humanBones ?? []) bones[bone] = node;
  const clips = {};
  const binary = new Set();
  for (const group of vrm.blendShapeMaster?.blendShapeGroups ?? []) {
    const name = clipName(group);
    if (!name) continue;
    clips[name] = (group.binds ?? []).map(({ mesh, index, weight }) => ({ mesh, index, weight: (weight ?? 100) / 100 }));
    if (group.isBinary) binary.add(name);
  }
  const look = vrm.firstPerson ?? {};
  const range = (curve) => (curve ? { input: curve.xRange ?? 90, output: curve.yRange ?? 10 } : DEFAULT_RANGE);
  return {
    version: 0,
    title: vrm.meta?.title ?? "",
    bones,
    clips,
    binary,
    lookAt: {
      type: look.lookAtTypeName === "BlendShape" ? "expression" : "bone",
      inner: range(look.lookAtHorizontalInner),
      outer: range(look.lookAtHorizontalOuter),
      down: range(look.lookAtVerticalDown),
      up: range(look.lookAtVerticalUp),
    },
  };
}

// Perfect Sync files write ARKit's names with a capital; presets may stand in the name alone in old files.
function clipName({ presetName, name }) {
  const preset = VRM0_PRESETS[(presetName ?? "").toLowerCase()] ?? VRM0_PRESETS[(name ?? "").toLowerCase()];
  return preset ?? (name ? name[0].toLowerCase() + name.slice(1) : "");
}

function readVrm1(vrm) {
  const bones = {};
  for (const [bone, value] of Object.entries(vrm.humanoid?.humanBones ?? {})) bones[bone] = value.node;
  const clips = {};
  const binary = new Set();
  for (const [name, clip] of Object.entries({ ...vrm.expressions?.custom, ...vrm.expressions?.preset })) {
    const own = name[0].toLowerCase() + name.slice(1);
    clips[own] = (clip.morphTargetBinds ?? []).map(({ node, index, weight }) => ({ node, index, weight: weight ?? 1 }));
    if (clip.isBinary) binary.add(own);
  }
  const look = vrm.lookAt ?? {};
  const range = (map) => (map ? { input: map.inputMaxValue ?? 90, output: map.outputScale ?? 10 } : DEFAULT_RANGE);
  return {
    version: 1,
    title: vrm.meta?.name ?? "",
    bones,
    clips,
    binary,
    lookAt: {
      type: look.type === "expression" ? "expression" : "bone",
      inner: range(look.rangeMapHorizontalInner),
      outer: range(look.rangeMapHorizontalOuter),
      down: range(look.rangeMapVerticalDown),
      up: range(look.rangeMapVerticalUp),
    },
  };
}

/** A look of `degrees` through `range`: clamped to its input, scaled to its output. */
export function mapLook(degrees, range) {
  if (range.input <= 0) return 0;
  return (Math.min(Math.max(degrees, 0), range.input) / range.input) * range.output;
}

/** The nodes of a plain glTF that look like head, neck and eyes by their names. */
export function guessBones(json) {
  const bones = {};
  const patterns = {
    leftEye: /^(?:.*[^a-z])?(?:left[ _.-]?eye|eye[ _.-]?(?:left|l))(?:[^a-z].*)?$/i,
    rightEye: /^(?:.*[^a-z])?(?:right[ _.-]?eye|eye[ _.-]?(?:right|r))(?:[^a-z].*)?$/i,
    head: /^(?:.*[^a-z])?head$/i,
    neck: /^(?:.*[^a-z])?neck$/i,
  };
  (json.nodes ?? []).forEach((node, index) => {
    for (const [bone, pattern] of Object.entries(patterns)) {
      if (bones[bone] === undefined && node.mesh === undefined && pattern.test(node.name ?? "")) bones[bone] = index;
    }
  });
  return bones;
}
