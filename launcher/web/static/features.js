// The 14 features as bars around zero.

import { mark, t } from "./i18n.js";

const NAMES = [
  mark("Left eye"), mark("Right eye"), mark("Left brow slope"), mark("Left brow height"), mark("Left brow arch"), mark("Right brow slope"),
  mark("Right brow height"), mark("Right brow arch"), mark("Left corner height"), mark("Left corner width"), mark("Right corner height"),
  mark("Right corner width"), mark("Mouth open"), mark("Mouth wide"),
];
// On the wire a corner that goes down is positive; here up is to the right, as with the brows.
const REVERSED = new Set([8, 10]);
// Left and right beside each other, as they are shown in two columns.
const ORDER = [0, 1, 3, 6, 2, 5, 4, 7, 8, 10, 9, 11, 12, 13];

export class Features {
  constructor(parent) {
    this._rows = [];
    for (const index of ORDER) {
      const row = document.createElement("div");
      row.className = "feature";
      const name = Object.assign(document.createElement("span"), { textContent: t(NAMES[index]) });
      const track = Object.assign(document.createElement("span"), { className: "track" });
      const bar = Object.assign(document.createElement("span"), { className: "bar" });
      const number = Object.assign(document.createElement("span"), { className: "number", textContent: "–" });
      track.append(bar);
      row.append(name, track, number);
      parent.append(row);
      this._rows[index] = { bar, number };
    }
  }

  /** values: the 14 in wire order; null for none. */
  show(values) {
    this._rows.forEach(({ bar, number }, index) => {
      const value = values === null ? null : values[index] * (REVERSED.has(index) ? -1 : 1);
      bar.style.transform = `scaleX(${Math.max(-1, Math.min(1, value ?? 0))})`;
      number.textContent = value === null ? "–" : value.toFixed(2);
    });
  }
}
