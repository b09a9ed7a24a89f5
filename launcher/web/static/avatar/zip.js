// Zip archives, read and written, without a library: models of MMD come as one, and a folder is kept as one.

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const UTF8 = 0x800;
const LARGEST_TOTAL = 1024 ** 3; // a small archive can unpack to anything

export const isZip = (bytes) => bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/** The files of the archive `bytes` (Uint8Array), as [{ path, data: Uint8Array }]. Rejects with an Error in words. */
export async function readZip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(bytes, view);
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > LARGEST_TOTAL) throw new Error("the archive unpacks to more than 1 GB");
  return Promise.all(
    entries.map(async ({ path, method, start, packed }) => {
      if (start + 30 > bytes.length || view.getUint32(start, true) !== LOCAL_ENTRY) throw damaged();
      const from = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
      const data = bytes.subarray(from, from + packed);
      if (data.length !== packed) throw damaged();
      return { path, data: method === STORED ? data : await inflate(data) };
    }),
  );
}

function readDirectory(bytes, view) {
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw damaged();
  let at = view.getUint32(end + 16, true);
  const entries = [];
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) throw damaged();
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const path = decodeName(bytes.subarray(at + 46, at + 46 + nameLength), Boolean(flags & UTF8));
    if (!path.endsWith("/")) {
      if (flags & ENCRYPTED) throw new Error("the archive asks for a password; unpack it and drop the folder");
      if (method !== STORED && method !== DEFLATED) {
        throw new Error("the archive is packed in an unusual way; unpack it and drop the folder");
      }
      entries.push({
        path, method, packed: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true),
        start: view.getUint32(at + 42, true),
      });
    }
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

// Archives made in Japan or China name their files in those systems' own encodings and do not say so.
function decodeName(bytes, isUtf8) {
  for (const encoding of isUtf8 ? ["utf-8"] : ["utf-8", "shift_jis", "gbk"]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // The next one.
    }
  }
  return new TextDecoder("latin1").decode(bytes);
}

async function inflate(data) {
  try {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw damaged();
  }
}

const damaged = () => new Error("the archive is damaged or incomplete");

/** One archive of `files` ([{ path, data }]), not compressed: textures are already. */
export function writeZip(files) {
  const encoder = new TextEncoder();
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { path, data } of files) {
    const name = encoder.encode(path);
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(2, UTF8, true);
    common.setUint16(8, 0x21, true); // a date, which readers want to be one
    common.setUint32(10, crc32(data), true);
    common.setUint32(14, data.length, true);
    common.setUint32(18, data.length, true);
    common.setUint16(22, name.length, true);
    const head = new Uint8Array(30);
    new DataView(head.buffer).setUint32(0, LOCAL_ENTRY, true);
    head.set(new Uint8Array(common.buffer), 4);
    parts.push(head, name, data);
    const entry = new Uint8Array(46);
    const view = new DataView(entry.buffer);
    view.setUint32(0, DIRECTORY_ENTRY, true);
    view.setUint16(4, 20, true);
    entry.set(new Uint8Array(common.buffer), 6);
    view.setUint32(42, offset, true);
    directory.push(entry, name);
    offset += 30 + name.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, END_OF_DIRECTORY, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return new Blob([...parts, ...directory, end.buffer]);
}

let table = null;

function crc32(data) {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
