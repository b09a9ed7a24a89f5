// The page for OBS: the avatar alone, transparent, as the launcher's own pages show it. Nothing can be changed here.

import { Connection } from "./connection.js";
import { readExpression } from "./expression.js";
import { FRAME, readFrame } from "./frame.js";
import { StageView } from "./stage.js";

const NO_FACE_AFTER_MS = 1000;

const stage = new StageView({
  element: document.getElementById("stage"), canvas: document.getElementById("head"), connection: null, controls: false,
  onError: (text) => console.warn(text),
});
const opened = stage.open();
let lastFrameAt = 0;

const connection = new Connection({
  hasKey: false,
  path: new URL("../page", import.meta.url).pathname,
  onText: async (message) => {
    await opened;
    if (message.type === "recentred") stage.viewport?.recentre();
    if (message.type !== "stage") return;
    // Behind the avatar is what OBS has there.
    await stage.take({ ...message, settings: { ...message.settings, background: { kind: "none" } } });
    if (!message.live.running) stage.rest();
  },
  onBinary: (buffer) => {
    if (new Uint8Array(buffer, 0, 1)[0] !== FRAME || !stage.live) return;
    const [face] = readFrame(buffer).faces;
    if (!face) return;
    lastFrameAt = performance.now();
    stage.show(readExpression(face, stage.settings.mirror !== stage.live.mirror_input));
    inspection.frames += 1;
  },
  onState: (isOpen) => {
    if (isOpen) connection.send({ do: "watch", on: true });
    else stage.rest();
  },
  onRefused: () => {
    // The address is not valid any more: what is seen here must not look as if it still moved.
    stage.rest();
    stage.element.style.display = "none";
  },
});

setInterval(() => {
  if (performance.now() - lastFrameAt > NO_FACE_AFTER_MS) stage.rest();
}, 500);

// What tests can look at.
const inspection = {
  frames: 0,
  get stage() {
    return stage;
  },
};
window.facetracker = inspection;
