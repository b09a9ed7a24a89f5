// Fields made from the tracker's own list of options. An option that the tracker declares for the form appears here.

import { t } from "./i18n.js";

const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

/** The value that `settings` give an option, else the tracker's default. */
export const valueOf = (option, values) => values[option.name] ?? option.default ?? null;

export class OptionFields {
  /** onInput: called after each change by the user. */
  constructor(onInput) {
    this._onInput = onInput;
    this._fields = new Map(); // option name -> { option, control, show }
  }

  /** Build a field for each of `options` in the element whose data-section is the option's section. */
  build(options) {
    for (const place of document.querySelectorAll("[data-section]")) place.replaceChildren();
    this._fields.clear();
    for (const option of options) {
      if (option.form.widget) continue; // several options in one control: the form's own
      const { field, control, show = () => {} } = makeField(option);
      control.addEventListener("input", () => {
        show();
        this._onInput();
      });
      this._fields.set(option.name, { option, control, show });
      document.querySelector(`[data-section="${option.form.section}"]`)?.append(field);
    }
  }

  /** Show `values`, and the tracker's default where there is none. */
  fill(values) {
    for (const { option, control, show } of this._fields.values()) {
      const value = valueOf(option, values);
      if (option.type === "boolean") control.checked = Boolean(value);
      else control.value = value ?? "";
      show();
    }
  }

  /** The values by option name; null where the user left a field empty. */
  read() {
    return Object.fromEntries([...this._fields].map(([name, { option, control }]) => [name, readControl(option, control)]));
  }
}

function readControl(option, control) {
  if (option.type === "boolean") return control.checked;
  const text = control.value.trim();
  if (text === "") return null;
  const isNumber = ["integer", "number"].includes(option.type) && !option.words.includes(text);
  return isNumber ? Number(text) : text;
}

function makeField(option) {
  const { label: text, hint, ends } = option.form;
  const id = option.name;
  const label = make("label", { htmlFor: id, textContent: t(text) });
  if (option.type === "boolean") {
    const field = make("div", { className: "field switch" });
    const control = make("input", { id, type: "checkbox" });
    field.append(control, label);
    return finish(field, control, option);
  }
  const field = make("div", { className: "field" });
  field.append(label);
  if (option.choices.length) {
    const control = makeSelect(option, id);
    field.append(control);
    return finish(field, control, option, hint);
  }
  if (option.form.slider.length) {
    const [min, max, step] = option.form.slider;
    const control = make("input", { id, type: "range", min, max, step });
    const output = make("output", { id: `${id}-value` });
    output.htmlFor.add(id);
    label.append(" ", output);
    field.append(control);
    if (ends.length) {
      const scale = make("p", { className: "hint scale" });
      scale.append(...ends.map((end) => make("span", { textContent: t(end) })));
      field.append(scale);
    }
    const show = () => (output.textContent = Number(control.value) === 0 ? t("off") : Number(control.value).toFixed(1));
    return { ...finish(field, control, option, hint), show };
  }
  const control = ["integer", "number"].includes(option.type) ? makeNumber(option, id) : make("input", { id, type: "text", spellcheck: false });
  field.append(control);
  return finish(field, control, option, hint);
}

function makeSelect(option, id) {
  const select = make("select", { id });
  // The list reads from the best down, which is the greatest, unless the least is what is usual.
  const down = option.type === "integer" && option.default !== Math.min(...option.choices);
  const choices = down ? [...option.choices].sort((a, b) => b - a) : option.choices;
  for (const value of choices) select.append(make("option", { value, textContent: t(String(option.form.labels[value] ?? value)) }));
  return select;
}

function makeNumber(option, id) {
  const input = make("input", { id, type: "number", step: option.type === "integer" ? 1 : "any", inputMode: "decimal" });
  if (option.minimum !== null) input.min = option.minimum;
  if (option.maximum !== null) input.max = option.maximum;
  if (option.type === "integer") input.inputMode = "numeric";
  return input;
}

function finish(field, control, option, hint = option.form.hint) {
  control.setAttribute("form", "form");
  if (hint) {
    const line = make("p", { id: `${option.name}-hint`, className: "hint", textContent: t(hint) });
    control.setAttribute("aria-describedby", line.id);
    field.append(line);
  }
  return { field, control };
}
