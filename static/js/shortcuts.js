// `/` goes to the search box, `i` shows scores. All single keys can be switched off in the account menu.
import { announce, isBareKey, shortcutsOn } from "./lib.js";

document.addEventListener("keydown", (event) => {
  if (isBareKey(event, "/")) {
    event.preventDefault();
    const box = [...document.querySelectorAll("[data-search-input]")].find((input) => input.checkVisibility());
    box?.focus();
    box?.select();
  } else if (isBareKey(event, "i")) {
    document.querySelector("[data-scores-switch]")?.click();
  }
});

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-scores-switch]");
  const grid = document.getElementById("grid");
  if (!control || !grid) return;
  event.preventDefault();
  const shown = grid.toggleAttribute("data-scores");
  control.setAttribute("aria-pressed", String(shown));
  const url = new URL(location.href);
  if (shown) url.searchParams.set("scores", "1");
  else url.searchParams.delete("scores");
  history.replaceState(history.state, "", url);
});

document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches("[data-scores-switch]")) {
    event.preventDefault();
    event.target.click();
  }
});

const control = document.querySelector("[data-shortcuts-switch]");

function show() {
  const word = control.querySelector("kbd");
  control.setAttribute("aria-pressed", String(shortcutsOn()));
  word.textContent = shortcutsOn() ? word.dataset.on : word.dataset.off;
}

if (control) {
  show();
  control.addEventListener("click", () => {
    localStorage.setItem("shortcuts", shortcutsOn() ? "off" : "on");
    show();
    announce(control.textContent.trim());
  });
}

// Back to where one came from keeps the scroll position and the pages already loaded.
document.querySelector("[data-back]")?.addEventListener("click", (event) => {
  const from = document.referrer && new URL(document.referrer);
  if (!from || from.origin !== location.origin || !from.pathname.startsWith("/l/") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  history.back();
});
