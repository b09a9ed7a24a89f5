// What the tracker printed.

import { t } from "./i18n.js";

const MAX_LINES = 500;
const NEAR_END_PX = 24;

export class Log {
  constructor(element) {
    this._element = element;
  }

  /** lines: { time (seconds since 1970), stream, text }. leftOut: lines that came too fast to show. */
  add(lines, leftOut) {
    const element = this._element;
    const follow = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    const added = lines.map(row);
    if (leftOut) added.unshift(row({ time: lines[0]?.time, stream: "launcher", text: t("({count} more lines)", { count: leftOut }) }));
    element.append(...added);
    while (element.childElementCount > MAX_LINES) element.firstElementChild.remove();
    if (follow) element.scrollTop = element.scrollHeight;
  }

  clear() {
    this._element.replaceChildren();
  }

  get text() {
    return [...this._element.children].map((child) => child.textContent).join("\n");
  }
}

function row({ time, stream, text }) {
  const made = document.createElement("div");
  const clock = new Date((time ?? Date.now() / 1000) * 1000).toTimeString().slice(0, 8);
  const level = /^facetracker: error:/.test(text) ? "error" : /^facetracker: warning:|^warning:/i.test(text) ? "warning" : "";
  made.className = `${stream} ${level}`;
  made.append(Object.assign(document.createElement("span"), { className: "time", textContent: clock }), text);
  return made;
}
