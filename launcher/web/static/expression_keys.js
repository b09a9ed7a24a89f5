// The avatar's own expressions on buttons and keys: smiles, tears, whatever its maker gave it.

import { t } from "./i18n.js";

const MOST_BUTTONS = 9;
const byId = (id) => document.getElementById(id);
const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

export class ExpressionKeys {
  constructor(stage) {
    this._stage = stage;
    this._keys = null;
    this._waiting = null; // the expression whose key is being chosen
    this._drawn = "";
    document.addEventListener("keydown", (event) => this._chosen(event), true);
  }

  /** keys: of the page, which these are added to. */
  use(keys) {
    this._keys = keys;
    this.show();
  }

  /** Buttons for the avatar's expressions, and which are on. */
  show() {
    const stage = this._stage;
    const all = stage.avatar?.expressions ?? [];
    const assigned = this._assigned(all);
    const drawn = JSON.stringify([all, assigned, all.map(({ name }) => stage.isOn(name)), this._waiting]);
    if (drawn === this._drawn) return;
    this._drawn = drawn;
    const focused = document.activeElement?.dataset?.expression;
    byId("expression-list").replaceChildren(...all.map((each) => this._row(each, assigned[each.name])));
    byId("expressions-hint").textContent = all.length
      ? t("Press a key or a button to switch an expression on, and again to switch it off.")
      : t("This avatar has no expressions of its own.");
    const shown = all.filter(({ name }) => assigned[name]).slice(0, MOST_BUTTONS);
    byId("expression-buttons").replaceChildren(...shown.map((each) => this._button(each, assigned[each.name])));
    byId("expression-buttons").hidden = !shown.length;
    if (focused) [...document.querySelectorAll("[data-expression]")].find((each) => each.dataset.expression === focused)?.focus();
    this._keys?.setExtra(
      Object.fromEntries(all.filter(({ name }) => assigned[name]).map(({ name, title }) => [assigned[name], { name: title, run: () => this._toggle(name) }])),
    );
  }

  // The first nine have the digits until the user chooses others.
  _assigned(all) {
    const { expressionKeys } = this._stage.settings;
    if (expressionKeys) return expressionKeys;
    return Object.fromEntries(all.slice(0, MOST_BUTTONS).map(({ name }, index) => [name, String(index + 1)]));
  }

  _toggle(name) {
    this._stage.toggleExpression(name);
    this.show();
  }

  _button({ name, title }, key) {
    const button = make("button", { type: "button", className: "small" });
    button.append(make("span", { textContent: title, translate: false }), make("kbd", { textContent: key.toUpperCase() }));
    button.setAttribute("aria-pressed", String(this._stage.isOn(name)));
    button.dataset.expression = name;
    button.addEventListener("click", () => this._toggle(name));
    return button;
  }

  _row({ name, title }, key) {
    const row = make("div", { className: "expression-row" });
    const toggle = make("button", { type: "button", className: "small", textContent: title, translate: false });
    toggle.setAttribute("aria-pressed", String(this._stage.isOn(name)));
    toggle.addEventListener("click", () => this._toggle(name));
    const isWaiting = this._waiting === name;
    const choose = make("button", { type: "button", className: "small", textContent: isWaiting ? t("Press a key …") : key ? key.toUpperCase() : t("Set a key") });
    choose.setAttribute("aria-label", t("Key for {name}", { name: title }));
    choose.addEventListener("click", () => {
      this._waiting = isWaiting ? null : name;
      this.show();
    });
    row.append(toggle, choose);
    return row;
  }

  _chosen(event) {
    if (this._waiting === null || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const name = this._waiting;
    this._waiting = null;
    const keys = { ...this._assigned(this._stage.avatar?.expressions ?? []) };
    const key = event.key.toLowerCase();
    if (["escape", "backspace", "delete"].includes(key)) delete keys[name];
    else if (key.length === 1 && !this._keys.isTaken(key)) {
      for (const other of Object.keys(keys)) if (keys[other] === key) delete keys[other];
      keys[name] = key;
    }
    this._stage.set({ expressionKeys: keys });
    this.show();
  }
}
