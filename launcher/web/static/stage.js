// The stage: the avatar, what stands behind it, and the files that are dropped on it. What is set here is kept by the
// launcher, so that every page, OBS's too, shows the same.

import { restExpression } from "./expression.js";
import { mark, t } from "./i18n.js";
import { showBackground } from "./view/background.js";

const SETTLE_MS = 250; // after a slider moved, before it is kept
const LARGEST_PICTURE = 32 * 1024 * 1024;

export const DEFAULTS = {
  background: { kind: "page", colour: "#00b140" }, light: { brightness: 1, azimuth: -16 }, mirror: true, idle: true, follow: true, view: null,
};
export const BACKGROUND_NAMES = {
  page: mark("As the page"), colour: mark("One colour"), picture: mark("A picture"), none: mark("Transparent (chequered here)"),
};

export class StageView {
  /** connection: { send, sendFile }, or null for a page that only looks on. onError: called with a sentence. */
  constructor({ element, canvas, connection, onError = () => {}, onChange = () => {}, controls = true }) {
    Object.assign(this, { element, canvas, connection, onError, onChange, _controls: controls });
    this.settings = { ...DEFAULTS };
    this.keptAt = new URL("../kept/", import.meta.url); // for a page whose address is its key
    this.avatarName = "";
    this.avatar = null; // the user's own; null for the built-in head
    this.viewport = null;
    this._versions = { avatar: null, background: null };
    this._pictureUrl = null;
    this._pending = {};
    this._expressions = [];
    this._shown = null;
    this._isAlone = true;
    this._still = window.matchMedia("(prefers-reduced-motion: reduce)");
    this._still.addEventListener("change", () => this._apply());
    this._uploaded = null; // the file this page has just loaded itself
  }

  /** Begin to draw. Whether the browser can. */
  async open() {
    if (!document.createElement("canvas").getContext("webgl2")) return false;
    try {
      const { Viewport } = await import("./view/viewport.js");
      this.viewport = new Viewport(this.canvas, { controls: this._controls, onView: (view) => this.set({ view }) });
      this._apply();
      return true;
    } catch (error) {
      console.warn(error);
      return false;
    }
  }

  /** What the launcher keeps and all pages show. */
  async take({ settings, avatar, background, expressions, live }) {
    this.live = live;
    this.settings = { ...DEFAULTS, ...settings, ...this._pending };
    this._apply();
    if (background?.version !== this._versions.background) {
      this._versions.background = background?.version ?? null;
      this._pictureUrl = background ? `${new URL("background", this.keptAt)}?${background.version}` : null;
    }
    if ((avatar?.version ?? null) !== this._versions.avatar) await this._follow(avatar);
    this._setExpressions(expressions);
    this._apply();
    this.onChange();
  }

  async _follow(avatar) {
    this._versions.avatar = avatar?.version ?? null;
    if (!this.viewport) return;
    if (avatar && this._uploaded === avatar.name) {
      this._uploaded = null; // it is shown already
      return;
    }
    if (!avatar) {
      if (this.avatar) await this._useBuiltIn();
      return;
    }
    try {
      const answer = await fetch(`${new URL("avatar", this.keptAt)}?${avatar.version}`);
      if (!answer.ok) throw new Error(t("the launcher does not have it any more"));
      const { filesOf } = await import("./avatar/files.js");
      await this._use(await filesOf(avatar.name, await answer.arrayBuffer()), avatar.name);
    } catch (error) {
      this.onError(t("Your avatar cannot be shown: {reason}", { reason: t(error.message) }));
    }
  }

  async _use(files, name) {
    const { loadAvatar } = await import("./avatar/loading.js");
    const avatar = await loadAvatar(files);
    this.viewport.use(avatar);
    this.avatar = avatar;
    this.avatarName = avatar.title || name;
    this._tellNames();
    this._apply();
  }

  async _useBuiltIn() {
    const { BuiltInHead } = await import("./head.js");
    this.viewport.use(new BuiltInHead());
    this.avatar = null;
    this.avatarName = "";
    this._tellNames();
    this._apply();
  }

  // What the avatar's expressions are called, for `facetracker-launcher avatar`.
  _tellNames() {
    const names = (this.avatar?.expressions ?? []).map(({ name }) => name);
    if (JSON.stringify(names) !== JSON.stringify(this.settings.expressionNames ?? [])) this.set({ expressionNames: names });
  }

  /** Show and keep what the user chose or dropped: [{ path, file }]. */
  async load(list) {
    if (!list.length || !this.viewport) return;
    const [first] = list;
    const name = list.length === 1 ? first.file.name : first.path.split("/")[0];
    try {
      const { PICTURES, filesOfList } = await import("./avatar/files.js");
      if (list.length === 1 && PICTURES.test(first.file.name) && !/\.(tga|sp[ha])$/i.test(first.file.name)) {
        await this.loadBackground(first.file);
        return;
      }
      const files = await filesOfList(list);
      await this._use(files, files.main.path.split("/").at(-1));
      this.onChange();
      const packed = files.pack();
      this._uploaded = packed.name;
      this.set({ view: null });
      if (await this._upload("avatar", packed.name, packed.blob)) this._setExpressions([]);
      else {
        this._uploaded = null;
        this._versions.avatar = undefined; // whatever the launcher has is shown again when it is back
      }
      this.onChange();
    } catch (error) {
      this.onError(t("“{name}” cannot be shown: {reason}", { name, reason: t(error.message) }));
    }
  }

  /** Show and keep `file` behind the avatar. */
  async loadBackground(file) {
    try {
      if (file.size > LARGEST_PICTURE) throw new Error(t("the picture is larger than 32 MB"));
      (await createImageBitmap(file)).close();
    } catch (error) {
      const reason = error instanceof DOMException ? t("the browser cannot read this picture") : error.message;
      this.onError(t("“{name}” cannot be shown: {reason}", { name: file.name, reason }));
      return;
    }
    if (!(await this._upload("background", file.name, file))) return;
    this.set({ background: { ...this.settings.background, kind: "picture" } });
  }

  // Whether the launcher has it. What was lost on the way is told.
  async _upload(kind, name, blob) {
    const isSent = await this.connection.sendFile({ do: "upload", kind, name, size: blob.size }, blob);
    if (!isSent) this.onError(t("“{name}” was not kept: the connection to the launcher was lost. Load it again.", { name }));
    return isSent;
  }

  /** Back to the built-in head. */
  async remove() {
    await this._useBuiltIn();
    this.connection.send({ do: "remove", kind: "avatar" });
    this.set({ view: null });
    this.onChange();
  }

  /** Change some of the settings; they are kept a moment later. */
  set(change) {
    Object.assign(this.settings, change);
    Object.assign(this._pending, change);
    if ("view" in change && change.view === null) this.viewport?.setView(null);
    this._apply();
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      this.connection?.send({ do: "stage", settings: this._pending });
      this._pending = {};
    }, SETTLE_MS);
  }

  _apply() {
    showBackground(this.element, this.settings.background, this._pictureUrl);
    const viewport = this.viewport;
    if (!viewport) return;
    viewport.idleLife = this.settings.idle && !this._still.matches;
    viewport.follows = this.settings.follow;
    viewport.frugal = localStorage.getItem("low-cpu") === "on"; // of this computer, not of the stage
    viewport.setLight(this.settings.light);
    const view = JSON.stringify([this.settings.view, this._versions.avatar]);
    if (view !== this._view && !("view" in this._pending)) {
      this._view = view;
      viewport.setView(this.settings.view);
    }
  }

  /** Switch one of the avatar's own expressions on or off, on every page. */
  toggleExpression(name) {
    const on = this._expressions.includes(name) ? this._expressions.filter((each) => each !== name) : [...this._expressions, name];
    this._setExpressions(on);
    this.connection.send({ do: "expressions", on });
    this.onChange();
  }

  isOn(name) {
    return this._expressions.includes(name);
  }

  _setExpressions(on) {
    for (const name of new Set([...this._expressions, ...on])) this.viewport?.setExpression(name, on.includes(name));
    this._expressions = [...on];
  }

  /** A face was tracked. */
  show(expression) {
    this._isAlone = false;
    this.viewport?.show(expression, false);
  }

  /** Nobody is there. */
  rest() {
    if (this._isAlone) return;
    this._isAlone = true;
    this.viewport?.show(restExpression(), true);
  }
}
