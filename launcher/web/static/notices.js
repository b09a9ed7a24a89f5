// Short messages. What went wrong stays until the user has put it away; the rest goes by itself.

import { t } from "./i18n.js";

const NOTICE_MS = 5000;
const MOST = 4;

export class Notices {
  constructor(element) {
    this._element = element;
  }

  add(level, text) {
    if ([...this._element.children].some((each) => each.dataset.text === text)) return; // it stands there already
    const made = document.createElement("div");
    made.className = `notice ${level}`;
    made.dataset.text = text;
    made.append(Object.assign(document.createElement("p"), { textContent: text }));
    if (level === "info") setTimeout(() => made.remove(), NOTICE_MS);
    else {
      made.setAttribute("role", "alert");
      const close = Object.assign(document.createElement("button"), { type: "button", className: "icon", textContent: "×", title: t("Close") });
      close.setAttribute("aria-label", t("Close"));
      close.addEventListener("click", () => made.remove());
      made.append(close);
    }
    this._element.append(made);
    while (this._element.childElementCount > MOST) this._element.firstElementChild.remove();
  }
}
