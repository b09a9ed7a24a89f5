// The page: connects what the launcher tells with what is shown, and the buttons with what the launcher does.

import { Charts } from "./charts.js";
import { Connection } from "./connection.js";
import { ExpressionKeys } from "./expression_keys.js";
import { readExpression } from "./expression.js";
import { FaceView } from "./face_view.js";
import { Features } from "./features.js";
import { Form } from "./form.js";
import { FRAME, PICTURE, eulerDegrees, readFrame } from "./frame.js";
import { LANGUAGES, chooseLanguage, language, mark, t, translatePage } from "./i18n.js";
import { Keys } from "./keys.js";
import { Log } from "./log.js";
import { Notices } from "./notices.js";
import { Panel } from "./panel.js";
import { Sensitivity } from "./sensitivity.js";
import { StageControls } from "./stage_controls.js";
import { StageView } from "./stage.js";
import { TaughtCard } from "./taught.js";
import { Welcome } from "./welcome.js";

const NO_FACE_AFTER_MS = 1000;
const STATISTICS_STALE_MS = 2500; // they come every second

const byId = (id) => document.getElementById(id);

await translatePage();

let server = { state: "stopped", running: null };
let online = false;
let refused = false; // this page has no key that the launcher knows
let connectedOnce = false;
let profileNames = [];
let pictureOn = false;
let lastFrame = null;
let lastFrameAt = 0;
let second = freshSecond();
let statistics = null; // the newest report, and when it came
let statisticsAt = 0;

const notices = new Notices(byId("notices"));
const form = new Form(() => showState());
const faceView = new FaceView(byId("points"));
const charts = new Charts(byId("charts"));
const features = new Features(byId("features"));
const log = new Log(byId("log"));

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
    } else forgetFace();
    showState();
  },
  onRefused: () => {
    refused = true;
    online = false;
    forgetFace();
    showState();
  },
});

const send = (what, more = {}) => connection.send({ do: what, ...more });
const stage = new StageView({
  element: byId("stage"), canvas: byId("head"), connection, onError: (text) => notices.add("error", text), onChange: () => showStage(),
});
const canDraw = stage.open();
const stageControls = new StageControls(stage);
const expressionKeys = new ExpressionKeys(stage);
const sensitivity = new Sensitivity(byId("sensitivity"), byId("sensitivity-preset"), (settings) => send("sensitivity", { settings }));
const taught = new TaughtCard({ root: byId("taught"), send: (message) => connection.send(message), ask });
const panel = new Panel((tab) => {
  sensitivity.isShown = tab === "face";
  setPicture(pictureOn && tab === "details");
});
const welcome = new Welcome({ form, start, onDone: () => panel.close(), steer: (command) => send(command), onPicture: (on) => send("picture", { on: on || pictureOn }) });

const handlers = {
  settings: ({ settings, first_run: firstRun, loaded }) => {
    if (loaded) form.fill(settings);
    else form.offer(settings);
    if (firstRun && !welcome.wasShown) {
      panel.close();
      welcome.open();
    }
    showState();
  },
  kept: ({ given, settings }) => {
    form.confirm(given, settings);
    showState();
  },
  state: (message) => {
    server = message;
    if (!server.running) {
      statistics = null;
      forgetFace();
    }
    sensitivity.setMeasured(server.running !== null);
    showState();
  },
  stage: async (message) => {
    await canDraw;
    await stage.take(message);
    showStage();
  },
  options: ({ options, without_field: withoutField }) => {
    form.setOptions(options, withoutField);
    showState();
  },
  cameras: ({ cameras, searching }) => {
    form.setCameras(cameras, searching);
    welcome.update();
    showState();
  },
  formats: ({ formats }) => {
    form.setFormats(formats);
    showState();
  },
  profiles: ({ names }) => showProfiles(names),
  sensitivity: ({ settings }) => sensitivity.take(settings),
  obs: ({ path }) => {
    byId("obs-address").value = new URL(path, location.href).href;
    stage.keptAt = new URL("kept/", new URL(path, location.href));
  },
  log: ({ lines, left_out: leftOut }) => log.add(lines, leftOut),
  statistics: (message) => {
    statistics = message;
    statisticsAt = performance.now();
    showSource(message);
    form.showReceivers(message.targets ?? []);
    showState();
  },
  expression: (message) => taught.take(message),
  confirm: async ({ text, details, request }) => {
    if (await ask([t(text), ...details].join("\n"), t("Yes"))) connection.send(request);
  },
  recentred: () => stage.viewport?.recentre(),
  notice: ({ level, text, values }) => notices.add(level, t(text, values)),
};

// ---- frames

function takeFrame(frame) {
  if (!server.running) return; // one that was on its way when the tracker stopped
  lastFrame = frame;
  lastFrameAt = performance.now();
  const [face] = frame.faces;
  const mirrored = stage.settings.mirror !== Boolean(server.running.values.mirror_input);
  const expression = readExpression(face, mirrored);
  stage.show(expression);
  welcome.takeFace(face, expression);
  const angles = eulerDegrees(expression.quaternion);
  if (panel.isOpen && panel.tab === "details") {
    faceView.show(frame, mirrored);
    features.show(face.features);
    say("pose", poseInArrows(face, angles));
  }
  sensitivity.show(face);
  second.frames += 1;
  second.confidence += face.confidence;
  second.latency += frame.latencyMs;
  inspection.expression = expression;
  inspection.angles = angles;
  inspection.frames += 1;
  showOverlays();
}

function poseInArrows(face, { pitch, yaw, roll }) {
  const others = lastFrame.faces.length > 1 ? `  ${t("{count} faces", { count: lastFrame.faces.length })}` : "";
  if (!face.hasPose) return t("no pose") + others;
  const arrow = (value, positive, negative) => `${value > 0 ? positive : negative} ${Math.abs(Math.round(value))}°`;
  return `${arrow(yaw, "→", "←")}  ${arrow(pitch, "↓", "↑")}  ${arrow(roll, "↺", "↻")}${others}`;
}

async function takePicture(buffer) {
  try {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(buffer, 1)], { type: "image/jpeg" }));
    if (pictureOn) faceView.setPicture(bitmap);
    else if (!welcome.takePicture(bitmap)) bitmap.close();
    inspection.pictures += 1;
  } catch {
    // A picture that cannot be read is followed by another.
  }
}

function forgetFace() {
  lastFrame = null;
  stage.rest();
  faceView.show(null, stage.settings.mirror);
  features.show(null);
  sensitivity.show(null);
  say("pose", "");
  if (!server.running || !online) {
    byId("source-text").textContent = "";
    faceView.setPicture(null);
    form.showReceivers([]);
    charts.add({});
  }
}

function freshSecond() {
  return { frames: 0, confidence: 0, latency: 0 };
}

// One value a second, only while a tracker runs and somebody looks.
setInterval(() => {
  if (!server.running || !online || document.hidden) return;
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

const DOING = { opening: mark("Opening the camera …"), lost: mark("Camera lost; waiting for it") };
const STATES = { stopped: mark("Stopped"), waiting: mark("Crashed; starting again"), refused: mark("Cannot start") };

function showState() {
  const running = Boolean(server.running);
  connectedOnce ||= online;
  const state = online ? (server.paused && server.state === "running" ? "paused" : server.state) : connectedOnce || refused ? "away" : "connecting";
  byId("status").dataset.state = state;
  byId("stage").dataset.state = state;
  say("status-text", statusText());
  const changed = running ? form.differences(server.running) : [];
  const start = byId("start");
  start.textContent = running ? t("Restart") : t("Start");
  start.classList.toggle("primary", !running);
  start.disabled = !online;
  byId("stop").disabled = !online || !running;
  for (const id of ["recentre", "reset", "pause", "mouth"]) byId(id).disabled = !online || !running || !server.steerable;
  taught.setReady(online && running && Boolean(server.steerable));
  byId("pause").setAttribute("aria-pressed", String(Boolean(server.paused)));
  byId("pause").textContent = server.paused ? t("Resume") : t("Pause");
  byId("mouth").setAttribute("aria-pressed", String(Boolean(server.mouth_muted)));
  byId("mouth").textContent = server.mouth_muted ? t("Unmute my mouth") : t("Mute my mouth");
  showChanges(running, changed);
  showProblem();
  showReceivers(running);
  showOverlays();
}

function showChanges(running, changed) {
  const text = changed.length ? t("Changed, but not used before a restart: {names}.", { names: changed.join(", ") }) : "";
  say("changed-text", text);
  byId("changed").hidden = !text || !online;
  byId("changed-undo").hidden = !running;
}

// Why it does not work, and what to do about it. What is over is not told any longer.
function showProblem() {
  const away = !online && (connectedOnce || refused);
  const failed = online && ["waiting", "refused"].includes(server.state) && server.explanation;
  const text = refused
    ? t("This page has no key to the face tracker, or one of an earlier run. Open it with facetracker-launcher.")
    : away ? t("facetracker-launcher does not answer: it was closed, and the tracker with it. Start it again.")
    : failed ? t(server.explanation) : "";
  say("problem-text", text);
  byId("problem").hidden = !text;
  byId("problem-settings").hidden = away;
  byId("problem-again").hidden = refused;
}

function showReceivers(running) {
  const bad = running && online ? form.receiversInTrouble : 0;
  say("receivers-text", bad ? t(bad === 1 ? mark("One receiver is not reached") : mark("{count} receivers are not reached"), { count: bad }) : "");
}

function statusText() {
  if (refused) return t("Not let in");
  if (!online) return connectedOnce ? t("Connection lost") : t("Connecting …");
  if (server.state !== "running") return t(STATES[server.state] ?? server.state);
  if (server.paused) return t("Paused");
  return server.steerable ? t(DOING[statistics?.state] ?? mark("Running")) : t("Starting …");
}

function say(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}

function showOverlays() {
  const lost = !online && connectedOnce ? t("Connection lost") : "";
  const nobody = server.state === "waiting" ? t("Crashed; starting again") : server.paused ? t("Paused") : t("No face in the picture");
  const empty = lost || (!server.running ? t("Not running") : lastFrame ? "" : nobody);
  const blank = inspection.isOpen && !stage.viewport ? t("This browser cannot draw in 3D.") : "";
  say("head-text", lost || blank || (server.running ? empty : ""));
  say("points-text", lastFrame || (pictureOn && faceView.hasPicture) ? "" : empty);
}

function showStage() {
  stageControls.show();
  expressionKeys.show();
  showOverlays();
}

function watch() {
  connection.send({ do: "watch", on: !document.hidden });
}

document.addEventListener("visibilitychange", watch);

// ---- buttons

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
byId("mouth").addEventListener("click", () => send(server.mouth_muted ? "unmute_mouth" : "mute_mouth"));
byId("refresh").addEventListener("click", () => send("cameras"));
byId("changed-undo").addEventListener("click", () => {
  form.fill(server.running);
  showState();
});
byId("problem-again").addEventListener("click", () => (online ? start() : connection.tryNow()));
byId("problem-settings").addEventListener("click", () => {
  panel.open("setup");
  byId("source").focus();
});
byId("log-clear").addEventListener("click", () => log.clear());
byId("log-copy").addEventListener("click", () => copy(log.text, t("The log was copied.")));
byId("help-open").addEventListener("click", () => byId("help").showModal());
byId("obs-open").addEventListener("click", async () => {
  panel.open("avatar");
  byId("obs-address").scrollIntoView({ block: "center" });
  await copy(byId("obs-address").value, t("The address for OBS was copied. In OBS, add a “Browser” source and paste it."));
});
byId("obs-copy").addEventListener("click", () => copy(byId("obs-address").value, t("The address for OBS was copied. In OBS, add a “Browser” source and paste it.")));
byId("obs-renew").addEventListener("click", async () => {
  if (await ask(t("Pages that use the address so far will show nothing any more. Make a new one?"), t("New address"))) send("obs", { renew: true });
});
byId("welcome-again").addEventListener("click", () => {
  panel.close();
  welcome.open();
});

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    notices.add("info", done);
  } catch {
    notices.add("error", t("The browser did not allow copying; select the text instead."));
  }
}

/** Ask a question in the page. Whether the user agreed. */
function ask(question, yes) {
  const dialog = byId("ask");
  byId("ask-text").textContent = question;
  byId("ask-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

byId("picture").addEventListener("click", () => setPicture(!pictureOn));

function setPicture(isOn) {
  if (isOn === pictureOn) return;
  pictureOn = isOn;
  byId("picture").setAttribute("aria-pressed", String(pictureOn));
  send("picture", { on: pictureOn });
  if (!pictureOn) faceView.setPicture(null);
  showOverlays();
}

const THEMES = {
  system: [mark("Colours: as the system"), '<path d="M12 3a9 9 0 1 0 0 18z" fill="currentColor"/><circle cx="12" cy="12" r="9"/>'],
  light: [mark("Colours: light"), '<circle cx="12" cy="12" r="4.2"/><path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2"/>'],
  dark: [mark("Colours: dark"), '<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>'],
};
function showTheme() {
  const [label, drawing] = THEMES[window.theme.choice];
  byId("theme").innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>`;
  byId("theme").title = t(label);
  byId("theme").setAttribute("aria-label", t(label));
}
byId("theme").addEventListener("click", () => window.theme.next());
document.addEventListener("themechange", showTheme);
showTheme();

for (const [code, name] of Object.entries(LANGUAGES)) byId("language").append(new Option(name, code));
byId("language").value = language;
byId("language").addEventListener("change", () => chooseLanguage(byId("language").value));

// ---- profiles

function showProfiles(names) {
  profileNames = names;
  const select = byId("profiles");
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  if (!names.length) select.append(new Option(t("none yet"), ""));
  if (names.includes(chosen)) select.value = chosen;
  for (const id of ["profile-load", "profile-delete"]) byId(id).disabled = !names.length;
  select.disabled = !names.length;
}
byId("profile-load").addEventListener("click", async () => {
  const name = byId("profiles").value;
  if (form.isEdited && !(await ask(t("Your changes are not saved. Load “{name}” in their place?", { name }), t("Load")))) return;
  send("load", { name });
});
byId("profile-delete").addEventListener("click", async () => {
  const name = byId("profiles").value;
  if (await ask(t("Delete the profile “{name}”?", { name }), t("Delete"))) send("delete", { name });
});
byId("profile-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = byId("profile-name").value.trim();
  if (!name) {
    notices.add("error", t("Give the profile a name."));
    return;
  }
  // Some file systems take names for the same that differ in case, or in how accents are written.
  const folded = (each) => each.normalize("NFC").toLowerCase();
  const existing = profileNames.includes(name) ? name : profileNames.find((each) => folded(each) === folded(name));
  if (existing && !(await ask(t("There is a profile “{name}” already. Replace it?", { name: existing }), t("Replace")))) return;
  send("save", { name: existing ?? name, settings: form.read(), replace: Boolean(existing) });
});

// ---- keys. None of them starts, stops, pauses or forgets anything: a stray key must not end a stream.

const NAMES = {
  recentre: mark("Recentre"), mouth: mark("Mute my mouth, or unmute it"), picture: mark("Camera picture"),
  "mirror-view": mark("Move like a mirror image"), "fit-view": mark("Frame the face"), theme: mark("Colours"),
  "panel-open": mark("Open or close the settings"), "help-open": mark("This list"),
};
const press = (id) => ({ name: t(NAMES[id]), run: () => byId(id).click() });

const keys = new Keys(
  {
    r: press("recentre"), k: press("mouth"), f: press("fit-view"), m: press("mirror-view"), t: press("theme"), s: press("panel-open"),
    v: { name: t(NAMES.picture), run: () => {
      panel.open("details");
      byId("picture").click();
    } },
    "?": press("help-open"),
  },
  byId("help-keys"),
  byId("keys-on"),
);
expressionKeys.use(keys);

// What tests, and curious users, can look at from the browser's console.
const inspection = {
  get taught() {
    return taught.state;
  },
  expression: null, angles: null, frames: 0, pictures: 0, isOpen: false,
  get server() {
    return server;
  },
  get avatar() {
    return stage.avatar;
  },
  get stage() {
    return stage.viewport;
  },
  get view() {
    return stage;
  },
  get form() {
    return form;
  },
};
window.facetracker = inspection;

showState();
await canDraw;
inspection.isOpen = true;
showStage();
