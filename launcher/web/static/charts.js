// Small charts of the last minutes, one value a second.

import { mark, t } from "./i18n.js";

const SECONDS = 120;

const KINDS = [
  { key: "confidence", name: mark("Face confidence"), unit: " %", digits: 0, low: 0, high: 100 },
  { key: "fps", name: mark("Frame rate"), unit: " /s", digits: 1, low: 0, high: 30 },
  { key: "latency", name: mark("Latency"), unit: " ms", digits: 0, low: 0, high: 20 },
  { key: "cpu", name: mark("Processor"), unit: " %", digits: 0, low: 0, high: 25 },
];

export class Charts {
  constructor(parent) {
    this._charts = KINDS.map((kind) => {
      const box = document.createElement("div");
      box.className = "chart";
      box.id = `chart-${kind.key}`;
      const name = Object.assign(document.createElement("span"), { className: "name", textContent: t(kind.name) });
      const value = Object.assign(document.createElement("span"), { className: "value", textContent: "–" });
      const canvas = document.createElement("canvas");
      canvas.setAttribute("aria-hidden", "true");
      box.append(name, value, canvas);
      parent.append(box);
      new ResizeObserver(() => this._draw(chart)).observe(canvas);
      const chart = { ...kind, value, canvas, values: [] };
      return chart;
    });
    document.addEventListener("themechange", () => this._charts.forEach((chart) => this._draw(chart)));
  }

  /** Add one second's values by key; null is a gap. */
  add(values) {
    for (const chart of this._charts) {
      const value = values[chart.key] ?? null;
      chart.values.push(value);
      if (chart.values.length > SECONDS) chart.values.shift();
      chart.value.textContent = value === null ? "–" : value.toFixed(chart.digits) + chart.unit;
      this._draw(chart);
    }
  }

  _draw({ canvas, values, low, high }) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width) return;
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    const colours = getComputedStyle(document.documentElement);
    const top = Math.max(high, ...values.filter((value) => value !== null)) || 1;
    const x = (i) => ((SECONDS - values.length + i) / (SECONDS - 1)) * width;
    const y = (value) => height - 2 * ratio - ((value - low) / (top - low)) * (height - 5 * ratio);
    context.strokeStyle = colours.getPropertyValue("--line");
    context.lineWidth = ratio;
    context.beginPath();
    context.moveTo(0, height - ratio / 2);
    context.lineTo(width, height - ratio / 2);
    context.stroke();
    context.strokeStyle = colours.getPropertyValue("--accent");
    context.lineWidth = 1.8 * ratio;
    context.lineJoin = "round";
    context.beginPath();
    let drawing = false;
    values.forEach((value, i) => {
      if (value === null) drawing = false;
      else if (drawing) context.lineTo(x(i), y(value));
      else {
        context.moveTo(x(i), y(value));
        drawing = true;
      }
    });
    context.stroke();
  }
}
