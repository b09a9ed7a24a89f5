// The card of expressions that the user teaches: records, shows how well each is told from the others, tests, chooses.
//
// It asks the tracker five times a second how things stand, and only while a tracker runs and the card is looked at, or
// tests. The avatar's expressions are switched by the launcher, for every page.

import { t } from "./i18n.js";

const POLL_MS = 200;
const COUNTDOWN_S = 3;
const TEST_S = 3;
const SETTLE_S = 1;
const SUGGESTED = ["neutral", "joy", "angry", "sorrow", "fun", "surprised"];
const percent = (share) => `${Math.round(100 * share)} %`;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export class TaughtCard {
  /** root: the empty card. send: takes a message for the server. ask: asks the user; resolves to whether they agree. */
  constructor({ root, send, ask }) {
    this._root = root;
    this._send = send;
    this._askUser = ask;
    this._ready = false;
    this._seen = false;
    this._timer = null;
    this._state = null;
    this._rows = new Map();
    this._test = null;
    this._build();
    new IntersectionObserver(([entry]) => {
      this._seen = entry.isIntersecting;
      this._pollOrRest();
    }).observe(root);
    document.addEventListener("visibilitychange", () => this._pollOrRest());
  }

  /** Whether a tracker runs and can be asked. */
  setReady(ready) {
    if (ready === this._ready) return;
    this._ready = ready;
    if (ready) this._ask("expression_list");
    else this._show(null);
    this._pollOrRest();
  }

  /** The server's answer to something that this card asked for. */
  take({ command, reply, error }) {
    if (error) this._say(error, true);
    else if (command === "expression_list") this._show(reply);
    else if (command === "expression_clear") this._say(t("“{name}” was forgotten.", { name: reply.name }));
  }

  /** What the tracker told last, or null. */
  get state() {
    return this._state;
  }

  _ask(command, values = {}) {
    this._send({ do: "expression", command, values });
  }

  _pollOrRest() {
    const wanted = this._ready && !document.hidden && (this._seen || this._test !== null);
    if (wanted && this._timer === null) {
      this._ask("expression_list");
      this._timer = setInterval(() => this._ask("expression_list"), POLL_MS);
    } else if (!wanted && this._timer !== null) {
      clearInterval(this._timer);
      this._timer = null;
    }
  }

  _build() {
    this._name = element("input", { id: "taught-name", type: "text", maxLength: 64, spellcheck: false });
    this._name.setAttribute("list", "taught-names");
    const names = element("datalist", { id: "taught-names" }, ...SUGGESTED.map((value) => element("option", { value })));
    this._seconds = element("select", { id: "taught-seconds" }, ...[5, 10, 20, 30].map((s) => new Option(`${s} s`, s)));
    this._seconds.value = 10;
    this._seconds.setAttribute("aria-label", t("How long to record"));
    this._recordButton = element("button", { id: "taught-record", type: "submit", className: "small", textContent: t("Record") });
    const form = element(
      "form", { className: "field" },
      element("label", { htmlFor: "taught-name", textContent: t("Name of the expression") }),
      element("div", { className: "with-button" }, this._name, names, this._seconds, this._recordButton),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this._state?.recording) this._ask("expression_stop");
      else this._record(this._name.value);
    });
    this._countdown = element("p", { className: "taught-countdown", hidden: true });
    this._countdown.setAttribute("role", "status");
    this._progress = element("progress", { max: 1, value: 0, hidden: true });
    this._list = element("div", { className: "taught-list" });
    this._mistaken = element("div", { className: "hint", id: "taught-mistaken" });
    this._status = element("p", { className: "hint", id: "taught-status" });
    this._status.setAttribute("role", "status");
    this._on = element("input", { id: "taught-on", type: "checkbox" });
    this._on.addEventListener("change", () => this._ask("expression_enable", { off: !this._on.checked }));
    this._testButton = element("button", { id: "taught-test", type: "button", className: "small", textContent: t("Test me") });
    this._testButton.addEventListener("click", () => (this._test ? this._endTest() : this._beginTest()));
    this._sliders = [
      this._slider("threshold", t("How sure it must be"), 0.4, 0.99, 0.01, percent),
      this._slider("hold_s", t("How long it must be seen"), 0, 1, 0.01, (value) => `${Math.round(1000 * value)} ms`),
    ];
    this._controls = element("fieldset", { className: "plain", disabled: true }, form, this._countdown, this._progress,
      this._list, this._mistaken,
      element("div", { className: "tools" }, this._testButton), this._status,
      element("div", { className: "field switch" }, this._on,
        element("label", { htmlFor: "taught-on", textContent: t("Recognise my expressions") })),
      element("details", { className: "field" }, element("summary", { textContent: t("When it changes too easily, or too late") }),
        ...this._sliders.map(({ field }) => field)));
    this._root.replaceChildren(
      element("h2", { id: "taught-title", textContent: t("Expressions of my own") }),
      element("p", { className: "hint", textContent: t(
        "Record “neutral” first, then each expression. Hold it, talk, and move your head while recording: what moves then is no part of the expression.") }),
      this._controls,
    );
  }

  _slider(name, label, min, max, step, text) {
    const input = element("input", { id: `taught-${name}`, type: "range", min, max, step });
    const output = element("output");
    input.addEventListener("input", () => (output.textContent = text(Number(input.value))));
    input.addEventListener("change", () => this._ask("expression_enable", { off: !this._on.checked, [name]: Number(input.value) }));
    const field = element("div", { className: "field" }, element("label", { htmlFor: input.id }, label, " ", output), input);
    const show = (value) => {
      if (document.activeElement === input) return;
      input.value = value;
      output.textContent = text(value);
    };
    return { name, field, show };
  }

  _record(name) {
    if (!name.trim()) {
      this._say(t("Give the expression a name."), true);
      this._name.focus();
      return;
    }
    this._endTest();
    this._say("");
    this._ask("expression_record", { name, seconds: Number(this._seconds.value), countdown_s: COUNTDOWN_S });
  }

  _say(text, wrong = false) {
    this._status.textContent = text;
    this._status.classList.toggle("error", wrong);
  }

  _show(state) {
    this._state = state;
    this._controls.disabled = !state;
    if (!state) {
      this._endTest();
      this._rows.clear();
      this._list.replaceChildren();
      this._mistaken.replaceChildren();
      return this._showRecording(null);
    }
    this._on.checked = state.enabled;
    for (const { name, show } of this._sliders) show(state[name]);
    this._showRecording(state.recording);
    const names = state.expressions.map(({ name }) => name);
    for (const [name, row] of this._rows) {
      if (names.includes(name)) continue;
      row.root.remove();
      this._rows.delete(name);
    }
    for (const each of state.expressions) this._row(each.name).show(each, state);
    const sentences = state.mistaken.map(({ record, taken_for: other }) =>
      t("{record} and {other} are often mistaken: record {record} again, turning the head.", { record, other }));
    const text = sentences.join("\n");
    if (this._mistaken.textContent !== text) this._mistaken.textContent = text;
    this._testButton.disabled = !state.trained || !state.enabled || Boolean(state.recording);
    this._stepTest(state);
  }

  _showRecording(recording) {
    this._countdown.hidden = this._progress.hidden = !recording;
    this._recordButton.textContent = recording ? t("Stop") : t("Record");
    if (!recording) return;
    const { name, seconds, recorded_s: done, countdown_s: wait, sees_face: seesFace } = recording;
    this._progress.value = done / seconds;
    const text = !seesFace ? t("Waiting for your face …")
      : wait > 0 ? t("“{name}” in {seconds} …", { name, seconds: Math.ceil(wait) })
      : t("“{name}”: hold it, talk, move your head. {seconds} s", { name, seconds: Math.ceil(seconds - done) });
    if (this._countdown.textContent !== text) this._countdown.textContent = text;
  }

  /** The card of one expression, made once. */
  _row(name) {
    if (this._rows.has(name)) return this._rows.get(name);
    const meter = element("meter", { min: 0, max: 1, value: 0 });
    meter.setAttribute("aria-label", t("How much your face is like {name} now", { name }));
    const facts = element("span", { className: "hint" });
    const more = element("button", { type: "button", className: "small", textContent: t("Record more") });
    const choose = element("button", { type: "button", className: "small", textContent: t("Show always") });
    const clear = element("button", { type: "button", className: "small", textContent: t("Forget") });
    for (const button of [more, choose, clear]) button.setAttribute("aria-label", `${button.textContent}: ${name}`);
    more.addEventListener("click", () => this._record(name));
    choose.addEventListener("click", () =>
      this._ask("expression_override", this._state.override === name ? {} : { name }));
    clear.addEventListener("click", async () => {
      const agreed = await this._askUser(t("Forget all recordings of “{name}”?", { name }), t("Forget"));
      if (agreed) this._ask("expression_clear", { name });
    });
    const root = element("section", { className: "taught" },
      element("h3", {}, element("bdi", { textContent: name })), meter, facts,
      element("div", { className: "tools" }, more, choose, clear));
    root.dataset.name = name;
    const row = {
      root,
      show: (each, state) => {
        meter.value = each.probability;
        root.classList.toggle("shown", state.shown === name);
        choose.setAttribute("aria-pressed", String(state.override === name));
        const values = { seconds: each.seconds, share: percent(each.recall ?? 0) };
        const text = !each.enough ? t("{seconds} s, too little", values)
          : each.recall === null ? t("{seconds} s", values)
          : t("{seconds} s, told right {share}", values);
        if (facts.textContent !== text) facts.textContent = text;
      },
    };
    this._rows.set(name, row);
    this._list.append(root);
    return row;
  }

  // ---- test mode: the card names expressions, and counts how often it recognises what is asked for

  _beginTest() {
    const names = this._state.expressions.filter(({ recall }) => recall !== null).map(({ name }) => name);
    const order = names.map((name) => [Math.random(), name]).sort().map(([, name]) => name);
    this._test = { order, at: 0, since: performance.now(), right: 0, asked: 0, wrong: new Map() };
    this._testButton.textContent = t("End the test");
  }

  _stepTest({ shown }) {
    const test = this._test;
    if (!test) return;
    const passed = (performance.now() - test.since) / 1000;
    const wanted = test.order[test.at];
    if (passed >= SETTLE_S) {
      test.asked += 1;
      if (shown === wanted) test.right += 1;
      else test.wrong.set(wanted, (test.wrong.get(wanted) ?? 0) + 1);
    }
    if (passed >= SETTLE_S + TEST_S) {
      test.at += 1;
      test.since = performance.now();
    }
    if (test.at === test.order.length) return this._endTest();
    const values = { name: test.order[test.at], number: test.at + 1, count: test.order.length, shown: shown ?? t("none of these") };
    this._say(t("Make: {name} ({number} of {count}). Shown: {shown}.", values));
  }

  _endTest() {
    const test = this._test;
    if (!test) return;
    this._test = null;
    this._pollOrRest();
    this._testButton.textContent = t("Test me");
    if (!test.asked) return this._say("");
    const [worst] = [...test.wrong].sort(([, a], [, b]) => b - a);
    const right = t("{share} right.", { share: percent(test.right / test.asked) });
    this._say(worst ? `${right} ${t("Most often wrong: {name}.", { name: worst[0] })}` : right);
  }
}
