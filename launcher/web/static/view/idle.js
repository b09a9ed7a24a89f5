// What an avatar does by itself: it breathes, and with nobody there it sways, blinks and looks about.

const BREATH_S = 4.2;
const BREATH_RADIANS = 0.012;
const FADE_S = 0.8; // from being driven to being by itself, and back
const BLINK_S = 0.16;
const BLINK_EVERY_S = [2.2, 6];
const GLANCE_EVERY_S = [1.5, 4.5];

const between = ([low, high]) => low + Math.random() * (high - low);
const wave = (seconds, period, phase) => Math.sin((seconds / period) * 2 * Math.PI + phase);

export class IdleLife {
  constructor() {
    this.isOn = true;
    this._alone = 1; // 1: nobody there
    this._seconds = 0;
    this._blinkAt = 2;
    this._glanceAt = 3;
    this._look = [0, 0];
    this._wanted = [0, 0];
  }

  /** `expression` with life added. isAlone: nobody drives the avatar. seconds: since the last call. */
  apply(expression, isAlone, seconds) {
    if (!this.isOn) return expression;
    this._seconds += seconds;
    const step = seconds / FADE_S;
    this._alone = Math.min(1, Math.max(0, this._alone + (isAlone ? step : -step)));
    const breath = BREATH_RADIANS * wave(this._seconds, BREATH_S, 0);
    if (this._alone === 0) return { ...expression, breath };
    return { ...expression, breath, ...this._alive(expression, this._alone, seconds) };
  }

  _alive(expression, share, seconds) {
    const t = this._seconds;
    const yaw = share * (0.022 * wave(t, 7.3, 0) + 0.014 * wave(t, 3.1, 1));
    const pitch = share * (0.012 * wave(t, 5.7, 2) - 0.008);
    const roll = share * 0.016 * wave(t, 8.9, 0.5);
    const sway = multiply(expression.quaternion, fromAngles(pitch, yaw, roll));
    if (t > this._blinkAt + BLINK_S) this._blinkAt = t + between(BLINK_EVERY_S);
    const inBlink = t - this._blinkAt;
    const blink = inBlink > 0 ? share * Math.sin((Math.min(inBlink, BLINK_S) / BLINK_S) * Math.PI) : 0;
    if (t > this._glanceAt) {
      this._glanceAt = t + between(GLANCE_EVERY_S);
      this._wanted = Math.random() < 0.5 ? [0, 0] : [between([-12, 12]), between([-5, 5])];
    }
    const follow = 1 - Math.exp(-seconds * 14);
    this._look = this._look.map((value, i) => value + (this._wanted[i] - value) * follow);
    const side = (values) => ({
      ...values,
      blink: Math.max(values.blink, blink), lookX: values.lookX + share * this._look[0], lookY: values.lookY + share * this._look[1],
    });
    return { quaternion: sway, left: side(expression.left), right: side(expression.right) };
  }
}

// Small angles in radians, so the order does not matter.
function fromAngles(x, y, z) {
  const length = Math.hypot(1, x / 2, y / 2, z / 2);
  return [x / 2 / length, y / 2 / length, z / 2 / length, 1 / length];
}

function multiply([ax, ay, az, aw], [bx, by, bz, bw]) {
  return [
    aw * bx + ax * bw + ay * bz - az * by, aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw, aw * bw - ax * bx - ay * by - az * bz,
  ];
}
