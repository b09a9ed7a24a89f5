// The files of one model: a single file, a dropped folder, or what was in an archive.

import { isZip, readZip, writeZip } from "./zip.js";

const LARGEST = 512 * 1024 * 1024;
export const PICTURES = /\.(png|jpe?g|bmp|gif|webp|tga|sph|spa)$/i;
// By how likely it is what the user means, should a folder hold several.
const MODELS = [/\.vrm$/i, /\.glb$/i, /\.pmx$/i, /\.pmd$/i, /\.gltf$/i];

const plain = (path) => path.replaceAll("\\", "/").replace(/^(\.\/)+/, "").normalize("NFC").toLowerCase();
const baseName = (path) => path.slice(path.lastIndexOf("/") + 1);

export class ModelFiles {
  /** files: [{ path, data: Uint8Array }]. */
  constructor(files) {
    this.files = files;
    const folders = (path) => path.split("/").length;
    this.main = MODELS.flatMap((pattern) =>
      files
        .filter(({ path }) => pattern.test(path))
        .sort((a, b) => folders(a.path) - folders(b.path) || b.data.length - a.data.length),
    )[0];
    if (!this.main) {
      throw new Error("there is no model among these files: .vrm, .glb, .gltf, .pmx or .pmd");
    }
    const slash = this.main.path.lastIndexOf("/");
    this._folder = slash < 0 ? "" : plain(this.main.path.slice(0, slash + 1));
    this._byPath = new Map(files.map((file) => [plain(file.path), file.data]));
    this._byName = new Map(files.map((file) => [baseName(plain(file.path)), file.data]));
  }

  /** The data of the file that the model calls `path`, wherever in the folder it lies; null if it is not there. */
  find(path) {
    const wanted = plain(path);
    const relative = [];
    for (const part of (this._folder + wanted).split("/")) {
      if (part === "..") relative.pop();
      else relative.push(part);
    }
    return this._byPath.get(relative.join("/")) ?? this._byName.get(baseName(wanted)) ?? null;
  }

  /** All as one Blob to keep: the file itself, or an archive of several, with the name it should have. */
  pack() {
    if (this.files.length === 1) return { name: baseName(this.main.path), blob: new Blob([this.main.data]) };
    const used = this.files.filter((file) => file === this.main || /\.(bin|gltf)$/i.test(file.path) || PICTURES.test(file.path));
    return { name: baseName(this.main.path) + ".zip", blob: writeZip(used) };
  }
}

/** The ModelFiles of `buffer`, which may be an archive. */
export async function filesOf(name, buffer) {
  const bytes = new Uint8Array(buffer);
  if (!bytes.length) throw new Error("the file is empty");
  return new ModelFiles(isZip(bytes) ? await readZip(bytes) : [{ path: name, data: bytes }]);
}

/** The ModelFiles of what a file field holds or was dropped: one file, or many with their paths. */
export async function filesOfList(list) {
  const total = list.reduce((sum, { file }) => sum + file.size, 0);
  if (total > LARGEST) throw new Error("the files are larger than 512 MB");
  if (list.length === 1) return filesOf(list[0].file.name, await list[0].file.arrayBuffer());
  return new ModelFiles(
    await Promise.all(list.map(async ({ path, file }) => ({ path, data: new Uint8Array(await file.arrayBuffer()) }))),
  );
}

/** All files of a drop, folders opened: [{ path, file }]. Call it while the event is handled. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (!entry) return;
  if (entry instanceof File) found.push({ path: entry.name, file: entry });
  else if (entry.isFile) {
    found.push({ path: entry.fullPath.replace(/^\//, ""), file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
  } else {
    const reader = entry.createReader();
    for (;;) {
      // A hundred at a time, until none are left.
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const each of some) await walk(each, found);
    }
  }
}
