/** Runs before anything is painted: the colours that somebody has chosen, without a flash of the others. */
(() => {
  try {
    const chosen = localStorage.getItem("vivavoce-theme");
    if (chosen === "light" || chosen === "dark") {
      document.documentElement.dataset["theme"] = chosen;
    }
  } catch {
    // Storage is blocked: the system's colours are fine.
  }
})();
