// Advanced | Visual switches the box in place; without a script the two are links.
const search = document.querySelector("[data-search]");

function switchTo(mode) {
  const [from, to] = [search.dataset.mode, mode].map((name) => search.querySelector(`[data-form=${name}] [data-search-input]`));
  if (from !== to && !to.value) to.value = from.value;
  search.dataset.mode = mode;
  for (const link of search.querySelectorAll("[data-mode-link]")) {
    if (link.dataset.modeLink === mode) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  to.focus();
}

search?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-mode-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  switchTo(link.dataset.modeLink);
});

// An empty box asks for nothing: stay, unless other parts of the query are left.
search?.addEventListener("submit", (event) => {
  const input = event.target.querySelector("[data-search-input]");
  input.value = input.value.trim();
  if (!input.value && !location.search) event.preventDefault();
  else if (!input.value) input.disabled = true;
});

addEventListener("pageshow", () => search?.querySelectorAll("input:disabled").forEach((input) => { input.disabled = false; }));
