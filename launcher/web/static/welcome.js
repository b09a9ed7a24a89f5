// The first run, in three steps: a camera, where the face goes, and ten seconds to get to know it.

import { mark, t } from "./i18n.js";

const MEASURE_S = 10;
const DEMO = "demo";
const LOCAL = "127.0.0.1";
// Where a face can go. ports: the format's usual one unless given.
const PLACES = [
  { name: "OBS", title: mark("Only this page and OBS"), hint: mark("Your avatar is shown here and in OBS."), receivers: [] },
  { name: "VSeeFace", receivers: [{ format: "osf", port: 11573 }], hint: mark("In VSeeFace choose “[OpenSeeFace tracking]” as camera.") },
  { name: "VTube Studio", receivers: [{ format: "vts" }], hint: mark("In VTube Studio start the plugin API and allow facetracker when it asks.") },
  { name: "Warudo", receivers: [{ format: "ifacialmocap" }], hint: mark("In Warudo choose iFacialMocap for the face.") },
  { name: "VNyan", receivers: [{ format: "ifacialmocap" }], hint: mark("In VNyan switch on “ARKit: iFacialMocap”.") },
  { name: "VMagicMirror", receivers: [{ format: "ifacialmocap" }], hint: mark("In VMagicMirror choose iFacialMocap as external tracker.") },
  { name: "Unreal", receivers: [{ format: "livelink" }], hint: mark("In Unreal switch on the Live Link plug-in; the subject is called facetracker.") },
  { name: "Blender", receivers: [{ format: "vmc", switches: { role: "performer" }, port: 39539 }], hint: mark("In Blender use an add-on that receives VMC, on port 39539.") },
  { name: "Unity", receivers: [{ format: "osf", port: 11573 }], hint: mark("In Unity use OpenSeeFace’s OpenSee component, on port 11573.") },
  { name: "Godot", receivers: [{ format: "osf", port: 11573 }], hint: mark("In Godot use a receiver of OpenSeeFace, on port 11573.") },
];
const FACES = [
  mark("Look straight at the camera, with a calm face."), mark("Smile."), mark("Open your mouth wide."), mark("Raise your brows."),
  mark("Close both eyes, then open them."),
];
const byId = (id) => document.getElementById(id);
const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

export class Welcome {
  /** start: with what the form says. onPicture: called with whether the camera's picture is wanted. */
  constructor({ form, start, onDone, steer, onPicture }) {
    Object.assign(this, { _form: form, _start: start, _onDone: onDone, _steer: steer, _onPicture: onPicture });
    this.wasShown = false;
    this._step = null;
    this._place = null;
    this._picked = null; // the source that was chosen here for the user, who chose none
    this._isLate = false; // it was closed before there was one to choose
    this._bars = null;
    byId("welcome-skip").addEventListener("click", () => this.close());
    byId("welcome-back").addEventListener("click", () => this._show(this._step - 1));
    byId("welcome-next").addEventListener("click", () => this._next());
    byId("welcome").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  open() {
    this.wasShown = true;
    this._picked = null;
    this._isLate = false;
    byId("welcome").hidden = false;
    document.body.dataset.welcome = "open";
    this._show(0);
  }

  close() {
    clearInterval(this._timer);
    this._isLate = this._step === 0 && !this._areCamerasKnown;
    this._onPicture(false);
    this._step = null;
    byId("welcome").hidden = true;
    delete document.body.dataset.welcome;
    this._onDone();
    byId("head").focus();
  }

  get isOpen() {
    return this._step !== null;
  }

  _show(step) {
    clearInterval(this._timer);
    if (step !== 0) this._onPicture(false);
    this._step = step;
    [...byId("welcome-steps").children].forEach((each, i) => each.classList.toggle("done", i <= step));
    byId("welcome-back").hidden = step === 0;
    byId("welcome-skip").hidden = step === 2;
    byId("welcome-next").disabled = false;
    const [title, body] = [this._camera, this._places, this._measure][step].call(this);
    byId("welcome-title").textContent = title;
    byId("welcome-body").replaceChildren(...body);
    byId("welcome-next").textContent = step === 2 ? t("To the stage") : t("Next");
    byId("welcome-title").focus();
  }

  _next() {
    if (this._step === 0) this._show(1);
    else if (this._step === 1) {
      this._form.setReceivers((this._place ?? PLACES[0]).receivers.map((receiver) => this._complete(receiver)));
      this._start();
      this._show(2);
    } else this.close();
  }

  _complete({ format, port, switches = {} }) {
    return { host: LOCAL, port: port ?? this._form.format(format)?.port ?? 11573, format, switches };
  }

  // ---- 1: the camera

  _camera() {
    const list = make("div", { className: "tiles", role: "radiogroup" });
    list.setAttribute("aria-label", t("Camera"));
    this._list = list;
    this._picture = make("canvas", { className: "welcome-picture", width: 320, height: 180, hidden: true });
    this._picture.setAttribute("role", "img");
    this._picture.setAttribute("aria-label", t("Camera picture"));
    this._look = make("button", { type: "button", className: "small", textContent: t("Show the picture") });
    this._look.addEventListener("click", () => this._lookAt());
    this._fillCameras();
    const hint = make("p", { className: "hint", textContent: t("Nothing leaves this computer. You can change everything later.") });
    const again = make("button", { type: "button", className: "small", textContent: t("Look for cameras again") });
    again.addEventListener("click", () => byId("refresh").click());
    const tools = make("div", { className: "tools" });
    tools.append(this._look, again);
    return [t("Choose your camera"), [hint, list, tools, this._picture]];
  }

  // The tracker shows what the camera sees, so it is started for a look.
  _lookAt() {
    this._start();
    this._onPicture(true);
  }

  /** The cameras are looked for, or were found. */
  update() {
    if (this._step === 0) this._fillCameras();
    else if (this._isLate && this._areCamerasKnown) {
      this._isLate = false;
      if (!this._form.isSourceChosen) this._pickSource();
    }
  }

  get _areCamerasKnown() {
    const { searching, found } = this._form.cameras;
    return found && !searching;
  }

  get _sources() {
    return [...this._form.cameras.cameras.map(({ selector }) => selector), DEMO];
  }

  // The first camera, or the demo face where there is none, unless the user or the settings chose one of them.
  _pickSource() {
    const chosen = byId("source").value;
    const [first] = this._sources;
    if (this._sources.includes(chosen) && chosen !== this._picked) return;
    if (chosen !== first) this._form.choose(first);
    this._picked = first;
  }

  _fillCameras() {
    const { cameras, searching } = this._form.cameras;
    if (this._areCamerasKnown) this._pickSource();
    const tiles = cameras.map(({ selector, name }) => ({ value: selector, title: name, isName: true }));
    tiles.push({ value: DEMO, title: t("Try the demo face"), hint: t("A drawn face that moves by itself: no camera needed.") });
    const now = byId("source").value;
    this._list.replaceChildren(...tiles.map((tile) => this._tile("welcome-camera", tile, tile.value === now, () => this._choose(tile.value))));
    const none = cameras.length ? "" : t("No camera was found. Plug one in and look again, or try the demo face.");
    const state = searching ? t("Looking for cameras …") : none;
    if (state) this._list.append(make("p", { className: "hint", role: "status", textContent: state }));
    this._allowNext();
  }

  _choose(source) {
    this._picked = null;
    this._form.choose(source);
    this._allowNext();
    if (!this._picture.hidden) this._lookAt();
  }

  _allowNext() {
    byId("welcome-next").disabled = this._look.disabled = !this._sources.includes(byId("source").value);
  }

  _tile(group, { value, title, hint = "", isName }, isChosen, choose) {
    const label = make("label", { className: "tile" });
    const input = make("input", { type: "radio", name: group, value, checked: isChosen });
    input.addEventListener("change", choose);
    label.append(input, make("strong", { textContent: title, translate: !isName }));
    if (hint) label.append(make("span", { className: "hint", textContent: hint }));
    return label;
  }

  // ---- 2: the receivers

  _places() {
    const list = make("div", { className: "tiles", role: "radiogroup" });
    list.setAttribute("aria-label", t("Receivers"));
    this._place ??= PLACES[0];
    list.append(
      ...PLACES.map((place) =>
        this._tile("welcome-place", { value: place.name, title: place.title ? t(place.title) : place.name, hint: t(place.hint), isName: !place.title },
          place === this._place, () => (this._place = place))),
    );
    return [t("Where should your face go?"), [list]];
  }

  // ---- 3: ten seconds to get to know a face

  _measure() {
    const line = make("p", { className: "measure-line", role: "status", textContent: t("Starting …") });
    const bar = make("progress", { max: MEASURE_S, value: 0 });
    bar.setAttribute("aria-label", t("Getting to know your face"));
    const table = make("div", { className: "measured" });
    this._bars = {};
    for (const [key, name] of Object.entries({
      turn: mark("Turn"), blink: mark("Blink"), smile: mark("Smile"), mouth: mark("Mouth open"), brows: mark("Brows up"), confidence: mark("Sure of the face"),
    })) {
      const meter = make("meter", { min: 0, max: 1, value: 0 });
      meter.setAttribute("aria-label", t(name));
      table.append(make("span", { textContent: t(name) }), meter);
      this._bars[key] = { meter, most: 0 };
    }
    this._seconds = 0;
    this._seen = false;
    this._recentred = false;
    this._timer = setInterval(() => this._tick(line, bar), 250);
    byId("welcome-next").disabled = false;
    return [t("Ten seconds to get to know your face"), [line, bar, table]];
  }

  _tick(line, bar) {
    const isThere = this._seen && performance.now() - this._seenAt < 1000;
    if (!isThere) {
      line.textContent = this._seen ? t("Come back into the picture, please.") : t("Looking for a face …");
      return;
    }
    if (!this._recentred) {
      this._recentred = true;
      this._steer("recentre");
    }
    this._seconds += 0.25;
    bar.value = Math.min(MEASURE_S, this._seconds);
    const part = Math.min(FACES.length - 1, Math.floor((this._seconds / MEASURE_S) * FACES.length));
    line.textContent = this._seconds < MEASURE_S ? t(FACES[part]) : t("Done. The bars show how far your face went.");
    if (this._seconds >= MEASURE_S) clearInterval(this._timer);
  }

  /** A face was tracked. */
  takeFace(face, expression) {
    if (this._step !== 2 || !this._bars) return;
    this._seen = true;
    this._seenAt = performance.now();
    const { left, right, arkit, mouthOpen } = expression;
    const [, y, , w] = expression.quaternion;
    const values = {
      turn: Math.abs(2 * Math.atan2(y, w)) / 0.6, blink: Math.max(left.blink, right.blink), mouth: arkit?.jawOpen ?? mouthOpen,
      smile: arkit ? (arkit.mouthSmileLeft + arkit.mouthSmileRight) / 2 : Math.max(0, (left.corner + right.corner) / 2),
      brows: arkit?.browInnerUp ?? Math.max(0, (left.browUp + right.browUp) / 2), confidence: face.confidence,
    };
    for (const [key, value] of Object.entries(values)) {
      const bar = this._bars[key];
      bar.most = key === "confidence" ? value : Math.max(bar.most, value);
      bar.meter.value = bar.most;
    }
  }

  /** An ImageBitmap of the camera; whether it is used here. */
  takePicture(bitmap) {
    if (this._step !== 0) return false;
    const canvas = this._picture;
    canvas.hidden = false;
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    return true;
  }
}
