// The drawer's page about the avatar, the keys that turn the camera, and files that are dropped anywhere.

import { BACKGROUND_NAMES } from "./stage.js";
import { droppedFiles } from "./avatar/files.js";
import { t } from "./i18n.js";

const TURN_DEG = 7;
const NEARER = 1.12;
const byId = (id) => document.getElementById(id);

export class StageControls {
  constructor(stage) {
    this._stage = stage;
    for (const [kind, name] of Object.entries(BACKGROUND_NAMES)) byId("background").append(new Option(t(name), kind));
    this._listen();
    this._dropping();
    this._turning();
  }

  /** What the stage is set to. */
  show() {
    const { settings, avatar, avatarName, viewport } = this._stage;
    byId("avatar-name").textContent = avatarName || t("Built-in head");
    byId("avatar-kind").textContent = avatar ? [avatar.kind, avatar.swinging ? t("{count} swinging bones", { count: avatar.swinging }) : ""].filter(Boolean).join(", ") : "";
    byId("avatar-remove").hidden = !avatar;
    for (const id of ["avatar-file", "avatar-folder"]) byId(id).disabled = !viewport;
    byId("background").value = settings.background.kind;
    byId("background-colour").value = settings.background.colour ?? "#00b140";
    byId("background-colour").hidden = settings.background.kind !== "colour";
    byId("background-choose").hidden = settings.background.kind !== "picture";
    byId("mirror-view").checked = settings.mirror;
    byId("idle").checked = settings.idle;
    byId("follow").checked = settings.follow;
    byId("low-cpu").checked = localStorage.getItem("low-cpu") === "on";
    byId("brightness").value = settings.light.brightness ?? 1;
    byId("brightness-value").textContent = `${Math.round((settings.light.brightness ?? 1) * 100)} %`;
    byId("light-angle").value = settings.light.azimuth ?? -16;
    byId("light-angle-value").textContent = `${settings.light.azimuth ?? -16}°`;
  }

  _set(change) {
    this._stage.set(change);
    this.show();
  }

  _listen() {
    const stage = this._stage;
    const files = (id) => {
      const list = [...byId(id).files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
      byId(id).value = "";
      return list;
    };
    for (const id of ["avatar-file", "avatar-folder"]) byId(id).addEventListener("change", () => stage.load(files(id)));
    byId("background-file").addEventListener("change", () => {
      const [chosen] = files("background-file");
      if (chosen) stage.loadBackground(chosen.file);
    });
    byId("avatar-remove").addEventListener("click", async () => {
      await stage.remove();
      byId("avatar-file").focus();
    });
    byId("background").addEventListener("change", () => {
      const kind = byId("background").value;
      this._set({ background: { ...stage.settings.background, kind } });
    });
    byId("background-colour").addEventListener("input", () =>
      this._set({ background: { kind: "colour", colour: byId("background-colour").value } }));
    byId("mirror-view").addEventListener("change", () => {
      this._set({ mirror: byId("mirror-view").checked });
      stage.viewport?.recentre();
    });
    byId("idle").addEventListener("change", () => this._set({ idle: byId("idle").checked }));
    byId("low-cpu").addEventListener("change", () => {
      localStorage.setItem("low-cpu", byId("low-cpu").checked ? "on" : "off");
      this._set({});
    });
    byId("follow").addEventListener("change", () => this._set({ follow: byId("follow").checked }));
    byId("brightness").addEventListener("input", () =>
      this._set({ light: { ...stage.settings.light, brightness: Number(byId("brightness").value) } }));
    byId("light-angle").addEventListener("input", () =>
      this._set({ light: { ...stage.settings.light, azimuth: Number(byId("light-angle").value) } }));
    byId("fit-view").addEventListener("click", () => this._set({ view: null }));
  }

  _dropping() {
    let depth = 0;
    const show = (isOver) => (byId("drop-text").hidden = !isOver);
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragenter", (event) => {
      if (hasFiles(event)) show(++depth > 0);
    });
    document.addEventListener("dragleave", (event) => {
      if (hasFiles(event)) show(--depth > 0);
    });
    document.addEventListener("dragover", (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
    document.addEventListener("drop", async (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      show((depth = 0) > 0);
      await this._stage.load(await droppedFiles(event.dataTransfer));
    });
  }

  _turning() {
    const turns = {
      ArrowLeft: [-TURN_DEG, 0], ArrowRight: [TURN_DEG, 0], ArrowUp: [0, -TURN_DEG], ArrowDown: [0, TURN_DEG],
      "+": [0, 0, NEARER], "=": [0, 0, NEARER], "-": [0, 0, 1 / NEARER],
    };
    byId("head").addEventListener("keydown", (event) => {
      const { viewport } = this._stage;
      if (!viewport || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "Home") this._set({ view: null });
      else if (turns[event.key]) {
        viewport.turnCamera(...turns[event.key]);
        this._stage.set({ view: viewport.view() });
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
}
