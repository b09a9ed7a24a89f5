// Single-key shortcuts. They rest while the user types, and can be turned off.

const TYPING = "input:not([type=checkbox]):not([type=range]), select, textarea";

export class Keys {
  /** actions: key -> { name, run }. */
  constructor(actions, table, checkbox) {
    this._actions = actions;
    checkbox.checked = this.enabled;
    checkbox.addEventListener("change", () => localStorage.setItem("keys", checkbox.checked ? "on" : "off"));
    for (const [key, { name }] of Object.entries(actions)) {
      const row = table.insertRow();
      row.insertCell().append(Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() }));
      row.insertCell().textContent = name;
    }
    document.addEventListener("keydown", (event) => this._pressed(event));
  }

  get enabled() {
    return localStorage.getItem("keys") !== "off";
  }

  _pressed(event) {
    if (!this.enabled || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    const action = this._actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action.run();
  }
}
