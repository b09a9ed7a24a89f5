// Truevision TGA pictures, which browsers do not read: true colour or grey, plain or run-length coded.

/** ImageData of the picture in `bytes`. Throws an Error in words. */
export function readTga(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 18) throw new Error("the TGA picture is cut off");
  const [idLength, mapType, kind, mapLength, mapBits] = [bytes[0], bytes[1], bytes[2], view.getUint16(5, true), bytes[7]];
  const [width, height, bits, descriptor] = [view.getUint16(12, true), view.getUint16(14, true), bytes[16], bytes[17]];
  const size = bits >> 3;
  if (![2, 3, 10, 11].includes(kind) || ![8, 24, 32].includes(bits) || !width || !height) throw new Error("the TGA picture is of a rare kind");
  const start = 18 + idLength + (mapType ? mapLength * ((mapBits + 7) >> 3) : 0);
  const pixels = kind >= 8 ? unpack(bytes, start, width * height, size) : bytes.subarray(start, start + width * height * size);
  if (pixels.length < width * height * size) throw new Error("the TGA picture is cut off");
  const image = new ImageData(width, height);
  const fromTop = Boolean(descriptor & 0x20);
  const fromRight = Boolean(descriptor & 0x10);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = ((fromTop ? y : height - 1 - y) * width + (fromRight ? width - 1 - x : x)) * size;
      const to = (y * width + x) * 4;
      const [blue, green, red] = size === 1 ? [pixels[at], pixels[at], pixels[at]] : [pixels[at], pixels[at + 1], pixels[at + 2]];
      image.data.set([red, green, blue, size === 4 ? pixels[at + 3] : 255], to);
    }
  }
  return image;
}

function unpack(bytes, start, count, size) {
  const out = new Uint8Array(count * size);
  let [at, to] = [start, 0];
  while (to < out.length && at < bytes.length) {
    const head = bytes[at++];
    const run = (head & 0x7f) + 1;
    if (head & 0x80) {
      const pixel = bytes.subarray(at, at + size);
      for (let i = 0; i < run && to < out.length; i++, to += size) out.set(pixel, to);
      at += size;
    } else {
      const part = bytes.subarray(at, at + Math.min(run * size, out.length - to));
      out.set(part, to);
      at += run * size;
      to += part.length;
    }
  }
  return to < out.length ? out.subarray(0, 0) : out;
}
