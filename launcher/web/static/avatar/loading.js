// Any model the page can show, from its files.

import { isPmd, isPmx } from "../mmd/kinds.js";

/** The avatar in `files` (ModelFiles). Rejects with an Error that says in words what is wrong. */
export async function loadAvatar(files) {
  const bytes = files.main.data;
  const loader = isPmx(bytes) || isPmd(bytes)
    ? (await import("../mmd/avatar.js")).loadMmd
    : /\.pm[dx]$/i.test(files.main.path)
      ? () => Promise.reject(new Error("this is no model of MMD, or only a part of one"))
      : (await import("./gltf.js")).loadGltf;
  const avatar = await loader(files);
  avatar.frame(); // says whether there is anything to see
  return avatar;
}
