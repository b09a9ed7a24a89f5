// ARKit's 52 names, in any of the spellings that models use.

export const ARKIT_NAMES = (
  "eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft eyeWideLeft eyeBlinkRight " +
  "eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight eyeWideRight jawForward jawLeft " +
  "jawRight jawOpen mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight " +
  "mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower " +
  "mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight mouthLowerDownLeft " +
  "mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight browDownLeft browDownRight browInnerUp browOuterUpLeft " +
  "browOuterUpRight cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight tongueOut"
).split(" ");

const KNOWN = new Set(ARKIT_NAMES);

/** eyeBlinkLeft, EyeBlinkLeft, eyeBlink_L and mesh-prefixed spellings (Face.eyeBlinkLeft) are all one; else null. */
export function arkitName(name) {
  const last = name.split(/[.:]/).at(-1).replace(/_L$/, "Left").replace(/_R$/, "Right");
  const own = last ? last[0].toLowerCase() + last.slice(1) : "";
  return KNOWN.has(own) ? own : null;
}

/** The same shape on the other side of the face. */
export function otherSide(name) {
  if (name.includes("Left")) return name.replace("Left", "Right");
  return name.replace("Right", "Left");
}

/** Which part of the face a shape moves: "eyes", "brows", "mouth" or "look". */
export function areaOf(name) {
  if (name.startsWith("eyeLook")) return "look";
  if (name.startsWith("eye")) return "eyes";
  return name.startsWith("brow") ? "brows" : "mouth";
}
