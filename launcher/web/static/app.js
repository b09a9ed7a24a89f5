// The page: connects what the server tells with what is shown, and the buttons with what the server does.

import { Charts } from "./charts.js";
import { Connection } from "./connection.js";
import { readExpression, restExpression } from "./expression.js";
import { FaceView } from "./face_view.js";
import { Features } from "./features.js";
import { Form } from "./form.js";
import { FRAME, PICTURE, eulerDegrees, readFrame } from "./frame.js";
import { Keys } from "./keys.js";
import { Log } from "./log.js";
import * as store from "./avatar_storage.js";

const NO_FACE_AFTER_MS = 1000;
const STATISTICS_STALE_MS = 2500; // they come every second
const NOTICE_MS = 5000;
const LARGEST_AVATAR = 512 * 1024 * 1024;

const byId = (id) => document.getElementById(id);

let server = { state: "stopped", running: null };
let online = false;
let refused = false; // this page has no key that the server knows
let connectedOnce = false;
let mirrorView = localStorage.getItem("mirror-view") !== "off";
let pictureOn = false;
let lastFrame = null;
let lastFrameAt = 0;
let second = freshSecond();
let statistics = null; // the newest report, and when it came
let statisticsAt = 0;

const form = new Form(() => showState());
const faceView = new FaceView(byId("points"));
const charts = new Charts(byId("charts"));
const features = new Features(byId("features"));
const log = new Log(byId("log"));
const stage = await openStage();

const connection = new Connection({
  onText: (message) => handlers[message.type]?.(message),
  onBinary: (buffer) => {
    const kind = new Uint8Array(buffer, 0, 1)[0];
    if (kind === FRAME) takeFrame(readFrame(buffer));
    else if (kind === PICTURE) takePicture(buffer);
  },
  onState: (open) => {
    online = open;
    if (open) {
      watch();
      connection.send({ do: "picture", on: pictureOn });
    }
    showState();
  },
  onRefused: () => {
    refused = true;
    online = false;
    showState();
  },
});

const handlers = {
  settings: ({ settings }) => {
    form.fill(settings);
    showState();
  },
  state: (message) => {
    server = message;
    if (!server.running) {
      statistics = null;
      forgetFace();
    }
    showState();
  },
  options: ({ options, without_field: withoutField }) => {
    form.setOptions(options, withoutField);
    showState();
  },
  cameras: ({ cameras, searching }) => {
    form.setCameras(cameras, searching);
    showState();
  },
  formats: ({ formats }) => {
    form.setFormats(formats);
    showState();
  },
  profiles: ({ names }) => showProfiles(names),
  log: ({ lines, left_out: leftOut }) => log.add(lines, leftOut),
  statistics: (message) => {
    statistics = message;
    statisticsAt = performance.now();
    showSource(message);
    showState();
  },
  confirm: ({ text, details, request }) => {
    if (confirm([text, ...details].join("\n"))) connection.send(request);
  },
  recentred: () => stage?.recentre(),
  notice: ({ level, text }) => notice(level, text),
};

// ---- frames

function takeFrame(frame) {
  if (!server.running) return; // one that was on its way when the tracker stopped
  lastFrame = frame;
  lastFrameAt = performance.now();
  const [face] = frame.faces;
  const mirrored = mirrorView !== Boolean(server.running.values.mirror_input);
  const expression = readExpression(face, mirrored);
  stage?.show(expression);
  faceView.show(frame, mirrored);
  features.show(face.features);
  const angles = eulerDegrees(expression.quaternion);
  say("pose", poseInArrows(face, angles));
  second.frames += 1;
  second.confidence += face.confidence;
  second.latency += frame.latencyMs;
  inspection.expression = expression;
  inspection.angles = angles;
  inspection.frames += 1;
  showOverlays();
}

function poseInArrows(face, { pitch, yaw, roll }) {
  const others = lastFrame.faces.length > 1 ? `  ${lastFrame.faces.length} faces` : "";
  if (!face.hasPose) return `no pose${others}`;
  const arrow = (value, positive, negative) => `${value > 0 ? positive : negative} ${Math.abs(Math.round(value))}°`;
  return `${arrow(yaw, "→", "←")}  ${arrow(pitch, "↓", "↑")}  ${arrow(roll, "↺", "↻")}${others}`;
}

async function takePicture(buffer) {
  try {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(buffer, 1)], { type: "image/jpeg" }));
    if (pictureOn) faceView.setPicture(bitmap);
    else bitmap.close();
    inspection.pictures += 1;
  } catch {
    // A picture that cannot be read is followed by another.
  }
}

function forgetFace() {
  lastFrame = null;
  stage?.show(restExpression());
  faceView.show(null, mirrorView);
  features.show(null);
  say("pose", "");
  if (!server.running) byId("source-text").textContent = "";
  if (!server.running) faceView.setPicture(null);
}

function freshSecond() {
  return { frames: 0, confidence: 0, latency: 0 };
}

// One value a second, only while a tracker runs and somebody looks.
setInterval(() => {
  if (!server.running || document.hidden) return;
  if (lastFrame && performance.now() - lastFrameAt > NO_FACE_AFTER_MS) {
    forgetFace();
    showOverlays();
  }
  const { frames, confidence, latency } = second;
  if (performance.now() - statisticsAt > STATISTICS_STALE_MS) statistics = null;
  charts.add({
    confidence: frames ? (confidence / frames) * 100 : null,
    latency: frames ? latency / frames : null,
    fps: statistics?.fps ?? (frames || null),
    cpu: statistics?.cpu_percent ?? null,
  });
  second = freshSecond();
}, 1000);

function showSource({ source, granted }) {
  const text = server.running ? granted || source : "";
  if (byId("source-text").textContent !== text) byId("source-text").textContent = text;
}

// ---- state

const DOING = { opening: "Opening the camera …", lost: "Camera lost; waiting for it" };
const STATES = {
  stopped: "Stopped",
  waiting: "Crashed; starting again",
  refused: "Cannot start",
};

function showState() {
  const running = Boolean(server.running);
  connectedOnce ||= online;
  byId("status").dataset.state = online ? (server.paused ? "paused" : server.state) : connectedOnce || refused ? "away" : "connecting";
  byId("status-text").textContent = statusText();
  const changed = running ? form.differences(server.running) : [];
  const start = byId("start");
  start.textContent = running ? "Restart" : "Start";
  start.title = changed.length ? "Restart with the changed settings" : "";
  start.disabled = !online;
  byId("stop").disabled = !online || !running;
  for (const id of ["recentre", "reset", "pause"]) byId(id).disabled = !online || !running || !server.steerable;
  byId("pause").setAttribute("aria-pressed", String(Boolean(server.paused)));
  byId("pause").textContent = server.paused ? "Resume" : "Pause";
  say("changed", changed.length ? `Changed while running: ${changed.join(", ")}. Restart to use ${changed.length > 1 ? "them" : "it"}.` : "");
  const problem = refused
    ? "This page has no key to the face tracker, or one of an earlier run. Open it with facetracker-launcher."
    : !online
    ? "The window’s program does not answer: it was closed. The tracker ended with it. Start facetracker-launcher again."
    : server.explanation && server.state !== "running" ? server.explanation : "";
  say("problem", connectedOnce || refused ? problem : "");
  showOverlays();
}

function statusText() {
  if (refused) return "Not let in";
  if (!online) return connectedOnce ? "Window closed" : "Connecting …";
  if (server.paused) return "Paused";
  if (server.state !== "running") return STATES[server.state] ?? server.state;
  return server.steerable ? DOING[statistics?.state] ?? "Running" : "Starting …";
}

function say(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

function showOverlays() {
  const empty = server.running ? (lastFrame ? "" : server.paused ? "Paused" : "No face in the picture") : "Not running";
  const points = lastFrame || (pictureOn && faceView.hasPicture) ? "" : empty;
  say("head-text", stage ? (server.running ? empty : "") : "This browser cannot draw in 3D.");
  say("points-text", points);
}

function watch() {
  connection.send({ do: "watch", on: !document.hidden });
}

document.addEventListener("visibilitychange", watch);

function notice(level, text) {
  const made = Object.assign(document.createElement("p"), { className: `notice ${level}`, textContent: text });
  if (level === "error") made.setAttribute("role", "alert");
  byId("notices").append(made);
  while (byId("notices").childElementCount > 4) byId("notices").firstElementChild.remove();
  setTimeout(() => made.remove(), level === "error" ? 3 * NOTICE_MS : NOTICE_MS);
}

// ---- buttons

const send = (what, more = {}) => connection.send({ do: what, ...more });

function start() {
  if (byId("start").disabled) return;
  second = freshSecond();
  const settings = form.read();
  send("start", form.extraTyped ? { settings, confirm: settings.extra } : { settings });
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
byId("stop").addEventListener("click", () => send("stop"));
byId("recentre").addEventListener("click", () => send("recentre"));
byId("reset").addEventListener("click", () => send("reset_calibration"));
byId("pause").addEventListener("click", () => send(server.paused ? "resume" : "pause"));
byId("refresh").addEventListener("click", () => send("cameras"));
byId("log-clear").addEventListener("click", () => log.clear());
byId("log-copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(log.text);
    notice("info", "The log was copied.");
  } catch {
    notice("error", "The browser did not allow copying; select the lines instead.");
  }
});
byId("help-open").addEventListener("click", () => byId("help").showModal());

byId("picture").addEventListener("click", () => {
  pictureOn = !pictureOn;
  byId("picture").setAttribute("aria-pressed", String(pictureOn));
  send("picture", { on: pictureOn });
  if (!pictureOn) faceView.setPicture(null);
  showOverlays();
});

function showMirrorView() {
  byId("mirror-view").setAttribute("aria-pressed", String(mirrorView));
}
byId("mirror-view").addEventListener("click", () => {
  mirrorView = !mirrorView;
  localStorage.setItem("mirror-view", mirrorView ? "on" : "off");
  stage?.recentre();
  showMirrorView();
});
showMirrorView();

const THEMES = {
  system: ["Colours: as the system", '<path d="M12 3a9 9 0 1 0 0 18z" fill="currentColor"/><circle cx="12" cy="12" r="9"/>'],
  light: ["Colours: light", '<circle cx="12" cy="12" r="4.2"/><path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2"/>'],
  dark: ["Colours: dark", '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>'],
};
function showTheme() {
  const [label, drawing] = THEMES[window.theme.choice];
  byId("theme").innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>`;
  byId("theme").title = label;
  byId("theme").setAttribute("aria-label", label);
}
byId("theme").addEventListener("click", () => window.theme.next());
document.addEventListener("themechange", showTheme);
showTheme();

// ---- profiles

function showProfiles(names) {
  const select = byId("profiles");
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  if (!names.length) select.append(new Option("none yet", ""));
  if (names.includes(chosen)) select.value = chosen;
  for (const id of ["profile-load", "profile-delete"]) byId(id).disabled = !names.length;
  select.disabled = !names.length;
}
byId("profile-load").addEventListener("click", () => send("load", { name: byId("profiles").value }));
byId("profile-delete").addEventListener("click", () => {
  const name = byId("profiles").value;
  if (confirm(`Delete the profile “${name}”?`)) send("delete", { name });
});
byId("profile-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = byId("profile-name").value.trim();
  if (name) send("save", { name, settings: form.read() });
  else notice("error", "Give the profile a name.");
});

// ---- avatar

async function openStage() {
  try {
    const { Stage } = await import("./viewport.js");
    return new Stage(byId("head"));
  } catch (error) {
    console.warn(error);
    byId("avatar-label").hidden = byId("avatar-file").disabled = true;
    return null;
  }
}

async function useAvatar(name, buffer) {
  const { loadAvatar } = await import("./avatar.js");
  const avatar = await loadAvatar(buffer);
  stage.use(avatar);
  stage.show(inspection.expression ?? restExpression());
  byId("avatar-name").textContent = avatar.title || name;
  byId("avatar-remove").hidden = false;
  inspection.avatar = avatar;
}

byId("avatar-file").addEventListener("change", async () => {
  const [file] = byId("avatar-file").files;
  byId("avatar-file").value = "";
  if (!file) return;
  try {
    if (file.size > LARGEST_AVATAR) throw new Error("the file is larger than 512 MB");
    const buffer = await file.arrayBuffer();
    await useAvatar(file.name, buffer);
    await store.keep(file.name, buffer).catch(() => notice("info", "The browser does not keep the avatar for next time."));
  } catch (error) {
    notice("error", `“${file.name}” cannot be shown: ${error.message}`);
  }
});

byId("avatar-remove").addEventListener("click", async () => {
  const { BuiltInHead } = await import("./head.js");
  await store.forget().catch(() => {});
  stage.use(new BuiltInHead());
  stage.show(inspection.expression ?? restExpression());
  byId("avatar-name").textContent = "Built-in head";
  byId("avatar-remove").hidden = true;
  inspection.avatar = null;
  byId("avatar-file").focus();
});

async function useKeptAvatar() {
  try {
    const kept = await store.loadKept();
    if (kept && stage) await useAvatar(kept.name, kept.buffer);
  } catch (error) {
    notice("error", `Your avatar cannot be shown: ${error.message}`);
  }
}

// ---- keys

const press = (id) => ({ name: nameOf(id), run: () => byId(id).click() });
const nameOf = (id) => ({
  start: "Start, or restart", stop: "Stop", recentre: "Recentre", reset: "Reset calibration", pause: "Pause, resume",
  picture: "Camera picture", "mirror-view": "As a mirror", theme: "Colours", "help-open": "This list",
})[id];

new Keys(
  {
    s: press("start"), x: press("stop"), r: press("recentre"), c: press("reset"), p: press("pause"),
    v: press("picture"), m: press("mirror-view"), t: press("theme"), "?": press("help-open"),
  },
  byId("help-keys"),
  byId("keys-on"),
);

// What tests, and curious users, can look at from the browser's console.
const inspection = {
  expression: null, angles: null, frames: 0, pictures: 0, avatar: null,
  get server() {
    return server;
  },
  get stage() {
    return stage;
  },
};
window.facetracker = inspection;

showState();
useKeptAvatar();
