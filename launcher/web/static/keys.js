// Single-key shortcuts. They rest while the user types, and can be turned off.

const TYPING = "input:not([type=checkbox]):not([type=range]), select, textarea";

export class Keys {
  /** actions: key -> { name, run }. */
  constructor(actions, table, checkbox) {
    this._actions = actions;
    this._extra = {};
    this._table = table;
    checkbox.checked = this.enabled;
    checkbox.addEventListener("change", () => localStorage.setItem("keys", checkbox.checked ? "on" : "off"));
    this._fill();
    document.addEventListener("keydown", (event) => this._pressed(event));
  }

  get enabled() {
    return localStorage.getItem("keys") !== "off";
  }

  /** Further actions, in place of those set before. The page's own win. */
  setExtra(actions) {
    this._extra = actions;
    this._fill();
  }

  /** Whether the page itself uses `key`. */
  isTaken(key) {
    return key in this._actions;
  }

  _fill() {
    this._table.replaceChildren();
    for (const [key, { name }] of Object.entries({ ...this._actions, ...this._extra })) {
      const row = this._table.insertRow();
      row.insertCell().append(Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() }));
      row.insertCell().textContent = name;
    }
  }

  _pressed(event) {
    if (!this.enabled || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const action = this._actions[key] ?? this._extra[key];
    if (!action) return;
    event.preventDefault();
    action.run();
  }
}
