// The settings as the user sees them, and as plain values under the tracker's own names.

import { t } from "./i18n.js";
import { OptionFields, valueOf } from "./option_fields.js";
import { stateText } from "./receiver_state.js";

const DEMO = "demo";
const DRAFT = "settings-draft";
const FILE = "\u0000file";
const STREAM = "\u0000stream";
const MODE = ["width", "height", "dformat"]; // set together by the list of a camera's modes

const byId = (id) => document.getElementById(id);
const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
const isAddress = (text) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
const isFile = (text) => !isAddress(text) && /[\\/]|\.[a-z0-9]{2,5}$/i.test(text);

export class Form {
  /** onChange: called after each change by the user. */
  constructor(onChange) {
    this._onChange = () => {
      this.isEdited = true;
      sessionStorage.setItem(DRAFT, JSON.stringify(this.read()));
      onChange();
    };
    this.isEdited = false; // whether there is anything here that is kept nowhere else
    this._states = []; // of receivers, as the tracker tells
    this._cameras = [];
    this._formats = [{ name: "osf", title: "OpenSeeFace", port: 11573, receivers: [], switches: [] }];
    this._wanted = ""; // the camera that the settings name, whether it is there or not
    this._receivers = [];
    this._modeWanted = null;
    this._options = [];
    this._values = {}; // as filled in, among them those that no field shows
    this._fields = new OptionFields(() => this._onChange());
    byId("source").addEventListener("change", () => this._sourceChosen());
    byId("mode").addEventListener("change", () => this._modeChosen());
    byId("receiver-add").addEventListener("click", () => this._addReceiver());
    this._withoutField = [];
    this._extra = []; // further arguments, as filled in
    this._extraTyped = false;
    byId("extra").addEventListener("input", () => {
      this._extraTyped = true;
      this._onChange();
    });
    for (const id of ["file", "url"]) byId(id).addEventListener("input", () => this._onChange());
    this._fillSources();
  }

  /** Show `settings`, unless there are edits that would be lost. They outlive a reload. */
  offer(settings) {
    const draft = sessionStorage.getItem(DRAFT);
    if (this.isEdited) return;
    if (draft === null) this.fill(settings);
    else {
      this.fill(JSON.parse(draft));
      this.isEdited = true;
    }
  }

  /** The server keeps what it was `given` from here, as `settings`: paths are whole there. Later edits stay edits. */
  confirm(given, settings) {
    if (!same(given, this.read())) return;
    if (this.differences(settings).length) this.fill(settings);
    else this._keep();
  }

  _keep() {
    this.isEdited = false;
    sessionStorage.removeItem(DRAFT);
  }

  /** Choose a source as if the user had: a camera's selector, or "demo". */
  choose(source) {
    byId("source").value = source;
    this._sourceChosen();
  }

  /** Whether one was chosen since the settings were filled in. */
  get isSourceChosen() {
    return Boolean(this._chosenByUser);
  }

  /** The cameras there are, and whether they are still being looked for. */
  get cameras() {
    return { cameras: this._cameras, searching: Boolean(this._searching), found: Boolean(this._found) };
  }

  /** The formats there are, by name. */
  format(name) {
    return this._formats.find((format) => format.name === name);
  }

  /** Send to these receivers from the next start on. */
  setReceivers(receivers) {
    this._receivers = receivers.map((receiver) => ({ switches: {}, ...receiver }));
    this._fillReceivers();
    this._onChange();
  }

  /** states: what the tracker tells of each receiver; see `receiver_state.js`. */
  showReceivers(states) {
    this._states = states;
    this._receivers.forEach((receiver, index) => {
      const line = byId(`receiver-state-${index}`);
      if (!line) return;
      const { text, kind } = stateText(receiver, states);
      if (line.textContent !== text) line.textContent = text;
      line.dataset.state = kind;
      line.hidden = !text;
    });
  }

  /** How many receivers are not reached. */
  get receiversInTrouble() {
    return this._receivers.filter((receiver) => stateText(receiver, this._states).kind === "bad").length;
  }

  /** Show `settings`. */
  fill(settings) {
    this._keep();
    this._wanted = settings.camera ?? "0";
    this._values = settings.values;
    this._modeWanted = Object.fromEntries(MODE.map((name) => [name, settings.values[name] ?? null]));
    byId("file").value = isFile(this._wanted) ? this._wanted : "";
    byId("url").value = isAddress(this._wanted) ? this._wanted : "";
    this._fields.fill(this._values);
    this._receivers = settings.receivers.map((receiver) => ({ ...receiver }));
    this._extra = settings.extra;
    this._extraTyped = false;
    this._fillExtra();
    this._chosenByUser = false;
    this._fillSources();
    this._fillReceivers();
  }

  /** Whether the user wrote the further arguments here, and so knows them. */
  get extraTyped() {
    return this._extraTyped;
  }

  /** The options that the tracker declares for the form, and the names of those that have no field in it. */
  setOptions(options, withoutField) {
    this._options = options;
    this._withoutField = withoutField;
    this._fields.build(options);
    this._fields.fill(this._values);
    if (!this._extraTyped) this._fillExtra();
  }

  /** What the user set, as the server takes it. */
  read() {
    const source = byId("source").value;
    const camera = { [FILE]: byId("file").value.trim(), [STREAM]: byId("url").value.trim() }[source] ?? source;
    return {
      camera,
      values: { ...this._values, ...this._readMode(), ...this._fields.read() },
      receivers: this._receivers.map(({ host, port, format, switches }) => ({ host, port, format, switches })),
      extra: byId("extra").value.split("\n").map((line) => line.trim()).filter(Boolean),
    };
  }

  /** The labels of the settings that differ between the form and `running`. */
  differences(running) {
    const now = this.read();
    const names = this._options
      .filter((option) => option.form.widget !== "sensitivity") // applied at once
      .filter((option) => !same(valueOf(option, now.values), valueOf(option, running.values)))
      .map((option) => t(option.form.label).toLowerCase());
    if (this._selectorOf(now.camera) !== this._selectorOf(running.camera)) names.unshift(t("camera"));
    if (!same(receiverRows(now), receiverRows(running))) names.push(t("receivers"));
    if (!same(now.extra, running.extra)) names.push(t("further arguments"));
    return [...new Set(names)];
  }

  /** The cameras the system has. searching: they are still being looked for. */
  setCameras(cameras, searching) {
    this._searching = searching;
    if (cameras) this._cameras = cameras;
    this._found ||= !searching;
    byId("refresh").classList.toggle("busy", Boolean(searching));
    this._fillSources();
  }

  /** The formats a receiver can be sent. */
  setFormats(formats) {
    if (formats.length) this._formats = formats;
    this._fillReceivers();
  }

  // All that has no field of its own, one argument a line, so that nothing is started unseen.
  _fillExtra() {
    const further = this._withoutField.filter((name) => (this._values[name] ?? null) !== null);
    const words = further.map((name) => {
      const value = this._values[name];
      return `--${name.replaceAll("_", "-")}=${typeof value === "boolean" ? Number(value) : value}`;
    });
    byId("extra").value = [...words, ...this._extra].join("\n");
    byId("extra-field").open = byId("extra").value !== "";
  }

  // Cameras first, and one that is wanted but not there stays to be seen.
  _fillSources() {
    const select = byId("source");
    const chosen = select.value && this._chosenByUser ? select.value : this._sourceOf(this._wanted);
    const cameras = make("optgroup", { label: t("Cameras") });
    for (const camera of this._cameras) cameras.append(make("option", { value: camera.selector, textContent: camera.name }));
    const known = this._cameras.some((camera) => camera.selector === chosen);
    if (!known && ![DEMO, FILE, STREAM].includes(chosen)) {
      const name = /^\d+$/.test(chosen) ? t("Camera {number}", { number: chosen }) : chosen;
      cameras.append(make("option", { value: chosen, textContent: this._searching ? name : t("{name} (not found)", { name }) }));
    }
    const others = make("optgroup", { label: t("Without a camera") });
    others.append(
      make("option", { value: DEMO, textContent: t("Demo face") }),
      make("option", { value: FILE, textContent: t("Video or picture file …") }),
      make("option", { value: STREAM, textContent: t("Stream from an address …") }),
    );
    select.replaceChildren(...(cameras.children.length ? [cameras] : []), others);
    select.value = chosen;
    this._showSource();
  }

  _sourceOf(camera) {
    if (camera === DEMO) return DEMO;
    if (isAddress(camera)) return STREAM;
    if (this._listed(camera)) return this._selectorOf(camera);
    return isFile(camera) ? FILE : camera;
  }

  // A settings file may name a camera by number or name; the list has its selector.
  _listed(camera) {
    return this._cameras.find((each) => [each.selector, String(each.index), each.name].includes(camera));
  }

  _selectorOf(camera) {
    return this._listed(camera)?.selector ?? camera;
  }

  _sourceChosen() {
    this._chosenByUser = true;
    this._modeWanted = null;
    this._showSource();
    this._onChange();
  }

  _showSource() {
    const source = byId("source").value;
    byId("file-field").hidden = source !== FILE;
    byId("url-field").hidden = source !== STREAM;
    const camera = this._cameras.find((each) => each.selector === source);
    byId("source-hint").textContent = this._searching
      ? t("Looking for cameras …")
      : source === DEMO
        ? t("A drawn face that moves by itself, to try everything without a camera.")
        : camera
          ? t("Number {index}, {backend}", camera)
          : this._cameras.length ? "" : t("No camera was found. Plug one in and look again, or try the demo face.");
    this._fillModes(camera?.modes ?? []);
  }

  _fillModes(modes) {
    const select = byId("mode");
    const options = new Map([["", t("Automatic")]]);
    const sorted = [...modes].sort((a, b) => b.max_width * b.max_height - a.max_width * a.max_height || b.max_fps - a.max_fps);
    for (const { max_width: width, max_height: height, max_fps: fps, fourcc, format } of sorted) {
      const value = JSON.stringify({ width, height, dformat: fourcc || null });
      if (!options.has(value)) options.set(value, t("{width} × {height}, up to {fps} /s, {format}", { width, height, fps: +fps.toFixed(1), format }));
    }
    const wanted = this._modeWanted;
    let value = "";
    if (wanted?.width || wanted?.height || wanted?.dformat) {
      value = JSON.stringify({ width: wanted.width, height: wanted.height, dformat: wanted.dformat ?? null });
      if (!options.has(value)) {
        const size = wanted.width ? `${wanted.width} × ${wanted.height ?? "?"}` : t("Automatic size");
        options.set(value, [size, wanted.dformat].filter(Boolean).join(", "));
      }
    }
    select.replaceChildren(...[...options].map(([key, textContent]) => make("option", { value: key, textContent })));
    select.value = value;
    byId("mode-field").hidden = options.size < 2;
  }

  _modeChosen() {
    this._modeWanted = byId("mode").value ? JSON.parse(byId("mode").value) : null;
    this._onChange();
  }

  _readMode() {
    return Object.fromEntries(MODE.map((name) => [name, this._modeWanted?.[name] ?? null]));
  }

  _addReceiver() {
    const format = this._formats[0];
    const used = new Set(this._receivers.map((receiver) => receiver.port));
    let port = format.port;
    while (used.has(port)) port++;
    this._receivers.push({ host: "127.0.0.1", port, format: format.name, switches: {}, freePort: true });
    this._fillReceivers();
    byId(`receiver-host-${this._receivers.length - 1}`).focus();
    this._onChange();
  }

  _fillReceivers() {
    const rows = this._receivers.map((receiver, index) => this._receiverRow(receiver, index));
    byId("receivers").replaceChildren(...rows);
    byId("receivers-hint").hidden = rows.length > 0;
  }

  _receiverRow(receiver, index) {
    const row = make("fieldset", { className: "receiver" });
    const title = t("Receiver {number}", { number: index + 1 });
    row.append(make("legend", { textContent: title }));
    const host = make("input", { id: `receiver-host-${index}`, type: "text", value: receiver.host, spellcheck: false });
    host.setAttribute("aria-label", t("{title}: host", { title }));
    host.addEventListener("input", () => this._receiverChanged(receiver, { host: host.value.trim() }));
    const port = make("input", { type: "number", min: 1, max: 65535, value: receiver.port, inputMode: "numeric" });
    port.setAttribute("aria-label", t("{title}: port", { title }));
    port.addEventListener("input", () =>
      this._receiverChanged(receiver, { port: port.value === "" ? null : Number(port.value), freePort: false }));
    const remove = make("button", { type: "button", className: "icon", textContent: "×", title: t("Remove receiver {number}", { number: index + 1 }) });
    remove.setAttribute("aria-label", t("Remove receiver {number}", { number: index + 1 }));
    remove.addEventListener("click", () => {
      this._receivers.splice(index, 1);
      this._fillReceivers();
      byId("receiver-add").focus();
      this._onChange();
    });
    row.append(host, port, remove);
    if (this._formats.length > 1) row.append(this._formatSelect(receiver, title, port));
    const format = this._formats.find((each) => each.name === receiver.format);
    if (format?.switches.length) row.append(this._switches(receiver, format, title));
    const { text, kind } = stateText(receiver, this._states);
    const state = make("p", { id: `receiver-state-${index}`, className: "receiver-state", textContent: text, hidden: !text });
    state.dataset.state = kind;
    row.append(state);
    return row;
  }

  _formatSelect(receiver, title, port) {
    const select = make("select", { className: "format" });
    select.setAttribute("aria-label", t("{title}: format", { title }));
    const known = this._formats.some((format) => format.name === receiver.format);
    const unknown = { name: receiver.format, title: t("{format} (not known to this tracker)", { format: receiver.format }), switches: [] };
    const formats = known ? this._formats : [unknown, ...this._formats];
    for (const format of formats) {
      const text = format.extra ? `${format.title} (extra: ${format.extra})` : format.title;
      select.append(make("option", { value: format.name, textContent: text }));
    }
    select.value = receiver.format;
    const readers = formats.find((format) => format.name === receiver.format).receivers ?? [];
    select.title = readers.length ? t("Read by {names}", { names: readers.join(", ") }) : "";
    select.addEventListener("change", () => {
      const before = formats.find((format) => format.name === receiver.format);
      const after = formats.find((format) => format.name === select.value);
      // The usual port of a format follows it, unless the user chose another.
      const follows = (receiver.freePort || receiver.port === before?.port) && after.port;
      this._receiverChanged(receiver, { format: after.name, switches: {}, ...(follows && { port: after.port }) });
      this._fillReceivers();
      const index = this._receivers.indexOf(receiver);
      byId("receivers").children[index].querySelector("select.format").focus();
    });
    return select;
  }

  // What a format can be told besides, folded away; what is left alone stays at the tracker's default.
  _switches(receiver, format, title) {
    const details = make("details", { className: "format", open: Boolean(receiver.open) });
    details.addEventListener("toggle", () => (receiver.open = details.open));
    details.append(make("summary", { textContent: t("Settings of {format}", { format: format.title }) }));
    for (const { name, text, default: standard, values } of format.switches) {
      const label = make("label", { textContent: `${name}: ${text}`, className: "hint" });
      const control = make(values.length ? "select" : "input", { spellcheck: false });
      if (values.length) {
        control.append(make("option", { value: "", textContent: t("as usual ({value})", { value: standard }) }));
        for (const value of values) control.append(make("option", { value, textContent: value }));
      } else {
        control.placeholder = standard;
      }
      control.value = receiver.switches?.[name] ?? "";
      control.setAttribute("aria-label", `${title}: ${name}, ${text}`);
      control.addEventListener("input", () => {
        const switches = { ...receiver.switches, [name]: control.value.trim() };
        if (!switches[name]) delete switches[name];
        this._receiverChanged(receiver, { switches });
      });
      details.append(label, control);
    }
    return details;
  }

  _receiverChanged(receiver, change) {
    Object.assign(receiver, change);
    this._onChange();
  }
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Two lists of receivers that mean the same compare equal.
const receiverRows = ({ receivers }) =>
  receivers.map(({ host, port, format, switches }) => [host, port, format, Object.entries(switches ?? {}).sort()]);
