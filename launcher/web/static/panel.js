// The drawer with the settings: tabs, and whether it is open.

const TABS = ["setup", "avatar", "face", "details"];
const byId = (id) => document.getElementById(id);

export class Panel {
  /** onShow: called with the name of the tab that is seen, or null when the drawer is closed. */
  constructor(onShow = () => {}) {
    this._onShow = onShow;
    for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => this.show(name));
    byId("panel").querySelector("[role=tablist]").addEventListener("keydown", (event) => this._pressed(event));
    byId("panel-open").addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    byId("panel-close").addEventListener("click", () => {
      this.close();
      byId("panel-open").focus();
    });
    this.show(localStorage.getItem("tab") ?? "setup", false);
    if (localStorage.getItem("panel") === "open") this.open();
  }

  get isOpen() {
    return !byId("panel").hidden;
  }

  open(tab = this.tab) {
    byId("panel").hidden = false;
    byId("panel-open").setAttribute("aria-expanded", "true");
    document.body.dataset.panel = "open";
    localStorage.setItem("panel", "open");
    this.show(tab);
  }

  close() {
    byId("panel").hidden = true;
    byId("panel-open").setAttribute("aria-expanded", "false");
    document.body.dataset.panel = "closed";
    localStorage.setItem("panel", "closed");
    this._onShow(null);
  }

  show(name, tell = true) {
    this.tab = TABS.includes(name) ? name : "setup";
    localStorage.setItem("tab", this.tab);
    for (const each of TABS) {
      const isShown = each === this.tab;
      byId(`tab-${each}`).setAttribute("aria-selected", String(isShown));
      byId(`tab-${each}`).tabIndex = isShown ? 0 : -1;
      byId(`pane-${each}`).hidden = !isShown;
    }
    if (tell && this.isOpen) this._onShow(this.tab);
  }

  _pressed(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !event.target.matches("[role=tab]")) return;
    const name = TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length];
    this.show(name);
    byId(`tab-${name}`).focus();
    event.preventDefault();
  }
}
