// How strongly each part of the face moves the avatar: bars that show it, and what they are set to.
//
// The tracker applies it, for every receiver alike; here it is shown and changed.

import { ARKIT_NAMES } from "./avatar/arkit.js";
import { mark, t } from "./i18n.js";

export const PLAIN = { from: 0, to: 1, low: 0, high: 1, curve: 1, smoothing: 0 };
const SETTLE_MS = 150;
const SLIDERS = [
  ["from", mark("Begins at"), 0, 0.9, 0.01], ["to", mark("Full at"), 0.1, 1.5, 0.01], ["low", mark("Least"), 0, 1, 0.01],
  ["high", mark("Most"), 0, 1, 0.01], ["curve", mark("Curve"), 0.3, 3, 0.05], ["smoothing", mark("Smoothing"), 0, 0.5, 0.01],
];
// What is set together: both sides of a face, seldom apart.
const GROUPS = [
  [mark("Eyes"), [
    ["eyeBlink", mark("Blink")], ["eyeWide", mark("Eyes wide")], ["eyeSquint", mark("Squint")], ["eyeLookUp", mark("Look up")],
    ["eyeLookDown", mark("Look down")], ["eyeLookIn", mark("Look inwards")], ["eyeLookOut", mark("Look outwards")],
  ]],
  [mark("Brows"), [["browInnerUp", mark("Inner brows up")], ["browOuterUp", mark("Outer brows up")], ["browDown", mark("Brows down")]]],
  [mark("Mouth"), [
    ["jawOpen", mark("Mouth open")], ["mouthSmile", mark("Smile")], ["mouthFrown", mark("Mouth corners down")], ["mouthPucker", mark("Pucker")],
    ["mouthFunnel", mark("Round mouth")], ["mouthStretch", mark("Mouth wide")], ["mouthPress", mark("Lips pressed")],
    ["mouthUpperUp", mark("Upper lip up")], ["mouthLowerDown", mark("Lower lip down")], ["mouthRollUpper", mark("Upper lip in")],
    ["mouthRollLower", mark("Lower lip in")], ["mouthShrugUpper", mark("Upper lip shrug")], ["mouthShrugLower", mark("Lower lip shrug")],
    ["mouthLeft", mark("Mouth to the left")], ["mouthRight", mark("Mouth to the right")], ["jawLeft", mark("Jaw to the left")],
    ["jawRight", mark("Jaw to the right")], ["cheekSquint", mark("Cheeks up")], ["noseSneer", mark("Sneer")],
  ]],
];
export const PRESETS = {
  plain: [mark("As measured"), {}],
  lively: [mark("Lively"), {
    eyeWide: { to: 0.6 }, browInnerUp: { to: 0.6 }, browOuterUp: { to: 0.6 }, browDown: { to: 0.6 }, mouthSmile: { to: 0.6 }, jawOpen: { to: 0.7 },
    mouthPucker: { to: 0.7 }, mouthFunnel: { to: 0.7 },
  }],
  calm: [mark("Calm"), {
    browInnerUp: { from: 0.15, smoothing: 0.12 }, browOuterUp: { from: 0.15, smoothing: 0.12 }, browDown: { from: 0.15, smoothing: 0.12 },
    mouthSmile: { from: 0.1, smoothing: 0.12 }, mouthFrown: { from: 0.2, smoothing: 0.12 }, eyeWide: { from: 0.2, smoothing: 0.1 },
    eyeSquint: { from: 0.2, smoothing: 0.1 },
  }],
  blink: [mark("Eyes close fully"), { eyeBlink: { from: 0.1, to: 0.7 } }],
};

const sides = (name) => (ARKIT_NAMES.includes(name) ? [name] : [`${name}Left`, `${name}Right`]);
const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

export class Sensitivity {
  /** onChange: called with all settings, name -> { from, to, low, high, curve, smoothing }, that are not plain. */
  constructor(element, presets, onChange) {
    this._onChange = onChange;
    this._settings = {};
    this._rows = new Map();
    this.isShown = false;
    for (const [title, names] of GROUPS) {
      element.append(make("h3", { textContent: t(title) }));
      for (const [name, label] of names) element.append(this._row(name, t(label)));
    }
    this._presets = presets;
    presets.append(new Option(t("Presets …"), ""));
    for (const [key, [label]] of Object.entries(PRESETS)) presets.append(new Option(t(label), key));
    presets.addEventListener("change", () => {
      const chosen = PRESETS[presets.value]?.[1];
      presets.value = "";
      if (!chosen) return;
      this._settings = Object.fromEntries(
        Object.entries(chosen).flatMap(([name, values]) => sides(name).map((each) => [each, { ...PLAIN, ...values }])),
      );
      this._fill();
      this._changed();
    });
  }

  _row(name, label) {
    const row = make("details", { className: "sensitivity-row" });
    const summary = make("summary");
    const track = make("span", { className: "track" });
    const lanes = sides(name).map(() => make("span", { className: "lane" }));
    const bars = lanes.map(() => make("span", { className: "bar" }));
    const marks = lanes.map(() => make("span", { className: "measured-mark", hidden: true }));
    lanes.forEach((lane, i) => lane.append(bars[i], marks[i]));
    track.append(...lanes);
    const number = make("span", { className: "number", textContent: "–" });
    summary.append(make("span", { textContent: label }), track, number);
    const controls = SLIDERS.map(([key, text, min, max, step]) => {
      const line = make("label", { className: "slider" });
      const input = make("input", { type: "range", min, max, step });
      input.setAttribute("aria-label", `${label}: ${t(text)}`);
      const output = make("output");
      input.addEventListener("input", () => this._set(name, key, Number(input.value)));
      line.append(make("span", { textContent: t(text) }), input, output);
      return { key, line, input, output };
    });
    const reset = make("button", { type: "button", className: "small", textContent: t("As measured") });
    reset.addEventListener("click", () => {
      for (const each of sides(name)) delete this._settings[each];
      this._fill();
      this._changed();
    });
    row.append(summary, ...controls.map(({ line }) => line), reset);
    this._rows.set(name, { row, bars, marks, number, controls });
    return row;
  }

  _set(name, key, value) {
    for (const each of sides(name)) {
      const settings = { ...PLAIN, ...this._settings[each], [key]: value };
      // What begins must end later.
      if (key === "from" && settings.to <= value) settings.to = Math.min(1.5, value + 0.05);
      if (key === "to" && settings.from >= value) settings.from = Math.max(0, value - 0.05);
      this._settings[each] = settings;
      if (Object.keys(PLAIN).every((field) => settings[field] === PLAIN[field])) delete this._settings[each];
    }
    this._fill();
    this._changed();
  }

  _changed() {
    clearTimeout(this._timer);
    const changed = (settings) => Object.fromEntries(Object.entries(settings).filter(([key, value]) => value !== PLAIN[key]));
    const all = Object.fromEntries(Object.entries(this._settings).map(([name, settings]) => [name, changed(settings)]));
    this._timer = setTimeout(() => this._onChange(all), SETTLE_MS);
  }

  /** What is kept with the settings. */
  take(settings) {
    this._settings = { ...settings };
    this._fill();
  }

  _fill() {
    for (const [name, { row, controls }] of this._rows) {
      const [first] = sides(name);
      const settings = { ...PLAIN, ...this._settings[first] };
      row.classList.toggle("changed", first in this._settings);
      for (const { key, input, output } of controls) {
        input.value = settings[key];
        output.textContent = key === "smoothing" ? `${Math.round(settings.smoothing * 1000)} ms` : settings[key].toFixed(2);
      }
    }
  }

  /** Nothing is measured while nothing runs. */
  setMeasured(isMeasured) {
    if (!isMeasured) this.show(null);
  }

  /** face: as `readFrame` gives it; null for none. */
  show(face) {
    if (!this.isShown && face) return;
    for (const [name, { bars, marks, number }] of this._rows) {
      const of = (list) => sides(name).map((each) => list[ARKIT_NAMES.indexOf(each)]);
      const values = face?.coefficients ? of(face.coefficients) : null;
      bars.forEach((bar, i) => (bar.style.transform = `scaleX(${values ? values[i] : 0})`));
      // What came in, where something else goes out.
      const measured = values && of(face.measured);
      marks.forEach((each, i) => {
        each.hidden = !values || Math.abs(measured[i] - values[i]) < 0.01;
        if (!each.hidden) each.style.left = `${Math.min(measured[i], 1) * 100}%`;
      });
      number.textContent = values ? Math.max(...values).toFixed(2) : "–";
    }
  }
}
