// Between the packets, which come 30 times a second or less: what to show at this very moment.

const LONGEST_GAP_MS = 120; // packets further apart are shown as they come
const USUAL_GAP_MS = 34;

/** Values like those of `readExpression` between `from` and `to`, by `share` of the way. */
export function mix(from, to, share) {
  if (typeof to === "number") return typeof from === "number" ? from + (to - from) * share : to;
  if (Array.isArray(to)) return Array.isArray(from) ? to.map((value, i) => mix(from[i], value, share)) : to;
  if (to === null || typeof to !== "object") return to;
  return Object.fromEntries(
    Object.entries(to).map(([key, value]) => [key, key === "quaternion" ? turned(from?.[key], value, share) : mix(from?.[key], value, share)]),
  );
}

// Along the shorter way; packets are close enough for a straight line to do.
function turned(from, to, share) {
  if (!from) return to;
  const dot = from.reduce((sum, value, i) => sum + value * to[i], 0);
  const sign = dot < 0 ? -1 : 1;
  const mixed = to.map((value, i) => sign * from[i] + (value - sign * from[i]) * share);
  const length = Math.hypot(...mixed);
  return mixed.map((value) => value / length);
}

export class Motion {
  constructor() {
    this._from = this._to = null;
    this._came = 0;
    this._gap = USUAL_GAP_MS;
  }

  /** The newest expression, which came at `now` (milliseconds). It is reached when the next one is due. */
  add(expression, now) {
    const gap = now - this._came;
    if (gap < LONGEST_GAP_MS) this._gap += (Math.max(gap, 1) - this._gap) * 0.15;
    this._from = this.at(now) ?? expression;
    this._to = expression;
    this._came = now;
  }

  /** Be at `expression` without a way there. */
  jump(expression) {
    this._from = this._to = expression;
  }

  /** What to show at `now`; null before anything came. */
  at(now) {
    if (!this._to) return null;
    // A picture's time is that of its beginning: a packet may come after it and before the picture is made.
    const share = Math.min(1, Math.max(0, now - this._came) / this._gap);
    return share >= 1 ? this._to : mix(this._from, this._to, share);
  }

  /** Whether it has not arrived yet. */
  isMoving(now) {
    return this._from !== this._to && now - this._came < this._gap + LONGEST_GAP_MS;
  }
}
