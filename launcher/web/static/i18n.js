// The page's languages. The English text itself is the key, so that what no catalogue has yet is shown in English.

export const LANGUAGES = { en: "English", ja: "日本語", "zh-CN": "简体中文", ko: "한국어" };

/** The language of the page: the user's choice, else the first of the browser's that there is a catalogue for. */
export function chosenLanguage() {
  const chosen = localStorage.getItem("language");
  if (chosen in LANGUAGES) return chosen;
  for (const wanted of navigator.languages ?? []) {
    const [base] = wanted.split("-");
    const found = Object.keys(LANGUAGES).find((code) => code === wanted || code.split("-")[0] === base);
    if (found) return found;
  }
  return "en";
}

export const language = chosenLanguage();
let catalogue = {};

/** `text` in the page's language, with {name} replaced by the value of that name. */
export function t(text, values = {}) {
  const translated = catalogue[text] || text;
  return translated.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Marks a text that is translated where it is used. */
export const mark = (text) => text;

/** Fetch the catalogue and translate what stands in the page. Elements say with data-t what of them is text. */
export async function translatePage() {
  document.documentElement.lang = language;
  if (language !== "en") {
    try {
      const answer = await fetch(new URL(`./locales/${language}.json`, import.meta.url));
      catalogue = await answer.json();
    } catch (error) {
      console.warn(error); // the page is then in English
    }
  }
  for (const element of document.querySelectorAll("[data-t]")) {
    const attributes = element.dataset.t.split(" ").filter(Boolean);
    if (!attributes.length) element.textContent = t(element.textContent);
    for (const name of attributes) element.setAttribute(name, t(element.getAttribute(name)));
  }
}

/** Use another language from now on. What is not saved yet is kept over the reload. */
export function chooseLanguage(code) {
  localStorage.setItem("language", code);
  location.reload();
}
