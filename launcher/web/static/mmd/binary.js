// Reads numbers and texts one after another; MMD's files are little-endian throughout.

export class Binary {
  constructor(bytes) {
    this._view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this._bytes = bytes;
    this.at = 0;
  }

  get left() {
    return this._bytes.length - this.at;
  }

  skip(count) {
    if (count < 0 || count > this.left) throw new RangeError("the file ends too early");
    this.at += count;
  }

  u8() {
    return this._view.getUint8(this.at++);
  }

  i8() {
    return this._view.getInt8(this.at++);
  }

  u16() {
    return this._view.getUint16((this.at += 2) - 2, true);
  }

  i16() {
    return this._view.getInt16((this.at += 2) - 2, true);
  }

  u32() {
    return this._view.getUint32((this.at += 4) - 4, true);
  }

  i32() {
    return this._view.getInt32((this.at += 4) - 4, true);
  }

  f32() {
    return this._view.getFloat32((this.at += 4) - 4, true);
  }

  floats(count) {
    return Array.from({ length: count }, () => this.f32());
  }

  /** How many of something follow, each of at least `size` bytes: a damaged file must not ask for gigabytes. */
  count(value, size = 1) {
    if (value < 0 || value * size > this.left) throw new RangeError("a list is longer than the file");
    return value;
  }

  bytes(count) {
    const from = this.at;
    this.skip(count);
    return this._bytes.subarray(from, from + count);
  }

  /** Text of a fixed width that ends at its first zero, in Shift-JIS. */
  shiftJis(width) {
    const bytes = this.bytes(width);
    const end = bytes.indexOf(0);
    return new TextDecoder("shift_jis").decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}
