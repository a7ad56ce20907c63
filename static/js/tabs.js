// The tabs of an asset are links; here they become tabs: the picture beside them stays as it is, arrows move between them.
import { load } from "./lib.js";

const ROLES = { nav: "tablist", tab: "tab", panel: "tabpanel" };

function dress() {
  const nav = document.querySelector("[data-tabs]");
  if (!nav || nav.getAttribute("role")) return;
  const panel = document.getElementById("tab-panel");
  nav.setAttribute("role", ROLES.nav);
  panel.setAttribute("role", ROLES.panel);
  for (const tab of nav.children) {
    const shown = tab.hasAttribute("aria-current");
    tab.setAttribute("role", ROLES.tab);
    tab.setAttribute("aria-selected", String(shown));
    tab.removeAttribute("aria-current");
    tab.tabIndex = shown ? 0 : -1;
    if (!shown) continue;
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("aria-labelledby", tab.id);
    nav.scrollLeft = tab.offsetLeft - nav.offsetLeft - (nav.clientWidth - tab.offsetWidth) / 2;
  }
}

async function show(tab, event) {
  const { id, href, textContent } = tab;
  await load(href, event, "#panel", "outerHTML");
  dress();
  const now = document.getElementById(id);
  if (now?.getAttribute("aria-selected") !== "true") return; // it was refused, and a message says why
  if (href !== location.href) history.pushState({ tab: id }, "", href);
  document.title = document.title.replace(/^(.* · )?(?=[^·]* · [^·]*$)/, `${textContent} · `);
  now.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tabs] > .tab");
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(tab, event);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-tabs] > .tab");
  if (!tab || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...tab.parentElement.children];
  const at = all.indexOf(tab);
  const next = { ArrowRight: (at + 1) % all.length, ArrowLeft: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    all[next].focus();
  } else if (event.key === " ") {
    event.preventDefault();
    show(tab, event);
  }
});

addEventListener("popstate", () => {
  if (document.querySelector("[data-tabs]")) location.reload();
});

dress();
document.addEventListener("htmx:afterSettle", dress);
