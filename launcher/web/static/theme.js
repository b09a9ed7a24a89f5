// Colours before the first paint: the user's choice, or the system's. Not a module, because modules run later.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system";
    }
  };
  const apply = () => {
    const choice = read();
    document.documentElement.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    document.dispatchEvent(new Event("themechange"));
  };
  dark.addEventListener("change", apply);
  window.theme = {
    get choice() {
      return read();
    },
    next() {
      const order = ["system", "light", "dark"];
      localStorage.setItem("theme", order[(order.indexOf(read()) + 1) % order.length]);
      apply();
    },
  };
  apply();
})();
