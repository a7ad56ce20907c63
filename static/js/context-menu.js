// The actions of an asset: right click, the ⋮ button, the menu key or Shift+F10, long press; `s` finds similar at once, `c`
// to a part of it; in results, `+` and `-` search for more or less like it.
// The entries are the links that the server put into the asset's own <details>. Shift+right click is the browser's.
import { remove } from "./bulk.js";
import { csrfToken, isBareKey } from "./lib.js";

const menu = document.getElementById("context-menu");
const LONG_PRESS = 500;
const KEYS = { s: "[data-similar]", c: "[data-part]", "+": "[data-more]", "-": "[data-less]" };
let host = null;
let returnTo = null;
let byKeyboardAt = 0;
let press = null;

const hostOf = (element) => element instanceof Element ? element.closest("[data-asset]") : null;
const items = () => [...menu.querySelectorAll("[role=menuitem]")];

function open(asset, x, y, from) {
  const links = asset.querySelectorAll("[data-actions] .menu-item");
  if (!links.length) return;
  host = asset;
  returnTo = from ?? asset.querySelector(".card-link") ?? asset;
  menu.replaceChildren(...[...links].map((link) => {
    const item = link.cloneNode(true);
    item.setAttribute("role", "menuitem");
    item.tabIndex = -1;
    return item;
  }));
  menu.hidePopover();
  menu.showPopover();
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
  items()[0].focus({ focusVisible: false });
}

function close({ focus = true } = {}) {
  if (!menu.matches(":popover-open")) return;
  menu.hidePopover();
  if (focus) (document.contains(returnTo) ? returnTo : document.getElementById(returnTo?.id))?.focus();
}

function openAt(element, asset) {
  const box = element.getBoundingClientRect();
  open(asset, box.left, box.bottom + 4, element);
}

if (menu) {
  document.addEventListener("contextmenu", (event) => {
    const asset = hostOf(event.target);
    if (Date.now() - byKeyboardAt < 600) return event.preventDefault();
    if (!asset || event.shiftKey) return close({ focus: false });
    event.preventDefault();
    clearTimeout(press?.timer);
    open(asset, event.clientX, event.clientY);
  });

  document.addEventListener("click", (event) => {
    if (press?.opened) {
      press = null;
      event.stopPropagation(); // the menu may have opened under the finger
      return event.preventDefault();
    }
    const button = event.target.closest("[data-actions] > summary");
    if (!button) return;
    event.preventDefault();
    if (menu.matches(":popover-open") && returnTo === button) close();
    else openAt(button, hostOf(button));
  }, true);

  document.addEventListener("keydown", (event) => {
    const asset = hostOf(event.target);
    if (asset && (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))) {
      event.preventDefault();
      byKeyboardAt = Date.now();
      openAt(event.target, asset);
    } else if (event.key in KEYS && isBareKey(event, event.key)) {
      const meant = asset ?? document.querySelector(".card:hover") ?? document.querySelector(".stage[data-asset]");
      meant?.querySelector(KEYS[event.key])?.click();
    }
  });

  menu.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const moves = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      all[moves[event.key]].focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      close();
    } else if (event.key === " ") {
      event.preventDefault();
      document.activeElement.click();
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const typed = event.key.toLowerCase();
      [...all.slice(at + 1), ...all.slice(0, at + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(typed))?.focus();
    }
  });

  menu.addEventListener("pointermove", (event) => event.target.closest("[role=menuitem]")?.focus({ focusVisible: false }));
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target) && !event.target.closest("[data-actions] > summary")) close({ focus: false });
  });
  for (const type of ["scroll", "resize", "blur"]) addEventListener(type, () => close({ focus: false }), { passive: true });

  document.addEventListener("pointerdown", (event) => {
    clearTimeout(press?.timer); // a second finger: this is a pinch
    press = null;
    const asset = event.pointerType === "touch" && event.isPrimary && hostOf(event.target);
    if (!asset || event.target.closest("[data-actions], [data-drawing]")) return;
    const held = press = { x: event.clientX, y: event.clientY };
    held.timer = setTimeout(() => { held.opened = true; open(asset, held.x, held.y); }, LONG_PRESS);
  });
  for (const type of ["pointerup", "pointercancel", "pointermove"]) {
    document.addEventListener(type, (event) => {
      if (!press || press.opened) return;
      if (type !== "pointermove" || Math.hypot(event.clientX - press.x, event.clientY - press.y) > 10) clearTimeout(press.timer);
    });
  }

  // Delete: in the grid as of a selection; on the asset's page the page goes.
  menu.addEventListener("click", (event) => {
    const link = event.target.closest("[data-delete]");
    const asset = host;
    close({ focus: !link });
    if (!link) return;
    event.preventDefault();
    if (asset.matches(".card")) remove(asset);
    else post(link.href);
  });
}

function post(url) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  const token = document.createElement("input");
  token.type = "hidden";
  token.name = "csrfmiddlewaretoken";
  token.value = csrfToken();
  form.append(token);
  document.body.append(form);
  form.submit();
}
