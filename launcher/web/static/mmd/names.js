// What MMD's models call bones and faces. The names are Japanese in nearly all of them, whatever their maker speaks.

export const BONES = {
  head: ["頭", "head"], neck: ["首", "neck"], chest: ["上半身2", "上半身２", "上半身", "upper body2", "upper body"],
  leftEye: ["左目", "eye_l", "left eye"], rightEye: ["右目", "eye_r", "right eye"],
  leftUpperArm: ["左腕", "arm_l", "left arm"], rightUpperArm: ["右腕", "arm_r", "right arm"],
  leftLowerArm: ["左ひじ", "elbow_l", "left elbow"], rightLowerArm: ["右ひじ", "elbow_r", "right elbow"],
};

/** Morphs by what they are for, the fitting one first. Left is the avatar's own. */
export const MORPHS = {
  blink: ["まばたき", "blink"],
  // "Wink 2" closes the eye calmly, the plain wink smiles with it.
  blinkLeft: ["ウィンク２", "ウィンク2", "ｳｨﾝｸ２", "ｳｨﾝｸ2", "ウィンク左", "ウィンク", "ｳｨﾝｸ", "wink_l", "wink 2", "wink2", "wink"],
  blinkRight: ["ｳｨﾝｸ２右", "ｳｨﾝｸ2右", "ウィンク２右", "ウィンク2右", "ウィンク右", "ｳｨﾝｸ右", "wink_r", "wink 2 right", "wink2 right", "wink right"],
  aa: ["あ", "ア", "a", "mouth_a"], ih: ["い", "イ", "i", "mouth_i"], ou: ["う", "ウ", "u", "mouth_u"],
  ee: ["え", "エ", "e", "mouth_e"], oh: ["お", "オ", "o", "mouth_o"],
  smile: ["にやり", "口角上げ", "にっこり", "ω", "grin", "mouth corner up"], frown: ["口角下げ", "mouth corner down"],
  wide: ["びっくり", "surprised", "驚き"],
  browUp: ["上", "眉上", "up", "brow_up", "above"], browDown: ["下", "眉下", "down", "brow_down", "below"],
  browAngry: ["真面目", "怒り", "serious", "anger", "angry"], browSad: ["困る", "sadness", "trouble", "sad"],
};

/** Name -> index in `list` (of { name, englishName }) by `table`. */
export function findByNames(list, table) {
  const byName = new Map();
  list.forEach(({ name, englishName }, index) => {
    for (const each of [name, (englishName ?? "").toLowerCase()]) if (each && !byName.has(each)) byName.set(each, index);
  });
  const found = {};
  for (const [key, names] of Object.entries(table)) {
    const name = names.find((each) => byName.has(each));
    if (name !== undefined) found[key] = byName.get(name);
  }
  return found;
}
