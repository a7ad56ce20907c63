// Which pictures are selected: by check mark, Ctrl/Cmd-click, Shift-range, `x`, Ctrl/Cmd+A; Escape clears. Kept by id, so
// that it outlives cards being drawn again and pages being loaded; a picture that stands on the page twice is one.
import { cards, order, position } from "./cards.js";
import { announce, fill, isBareKey } from "./lib.js";

export { cards };

const bar = document.getElementById("selection");
const selected = new Set();
let anchor = null;
let touched = false;

export const selectedIds = () => [...selected];
const cardOf = (element) => element instanceof Element ? element.closest("[data-grid] > .card[data-asset]") : null;

// Draw what is selected: the check marks, the cards, the bar.
export function show({ quietly = false } = {}) {
  for (const card of document.querySelectorAll("[data-grid] > .card[data-asset]")) {
    const on = selected.has(card.dataset.asset);
    card.toggleAttribute("data-selected", on);
    const check = card.querySelector("[data-check]");
    if (check && check.checked !== on) check.checked = on;
  }
  const said = sentence();
  document.body.toggleAttribute("data-selecting", selected.size > 0);
  if (selected.size) bar.querySelector("#selection-count").textContent = said;
  if (!quietly) announce(said);
}

function sentence() {
  if (!selected.size) return bar.dataset.none;
  return selected.size === 1 ? bar.dataset.one : fill(bar.dataset.many, { count: selected.size.toLocaleString(document.documentElement.lang) });
}

export function select(ids, { only = false, quietly = false } = {}) {
  if (only) selected.clear();
  for (const id of ids) selected.add(id);
  show({ quietly });
}

export function deselect(ids, options) {
  for (const id of ids) selected.delete(id);
  show(options);
}

export function clear(options) {
  if (!selected.size) return;
  selected.clear();
  anchor = null;
  show(options);
}

function toggle(card) {
  const id = anchor = card.dataset.asset;
  if (selected.has(id)) deselect([id]);
  else select([id]);
}

function selectTo(card) {
  const all = order();
  const from = all.indexOf(anchor);
  const to = position(card).at - 1;
  if (from < 0) return toggle(card);
  select(all.slice(Math.min(from, to), Math.max(from, to) + 1));
}

function byClick(event) {
  const card = cardOf(event.target);
  if (!card || event.target.closest("[data-actions], .tool")) return;
  const onCheck = event.target.closest(".card-check");
  if (onCheck && !event.target.matches("input")) return; // its label: the input is clicked next
  const modified = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!onCheck && !modified && !(touched && selected.size)) return;
  if (!onCheck) event.preventDefault();
  if (event.shiftKey) selectTo(card);
  else toggle(card);
}

function byKey(event) {
  if (event.key === "Escape" && selected.size && !document.querySelector("details[data-menu][open], dialog[open], :popover-open")) {
    clear();
  } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog") || !cards().length) return;
    event.preventDefault();
    selectAll();
  } else if (isBareKey(event, "x")) {
    const card = cardOf(event.target) ?? document.querySelector("[data-grid] > .card[data-asset]:hover");
    if (card) toggle(card);
  }
}

const selectAll = () => select(order());

if (bar) {
  document.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; }, true);
  document.addEventListener("click", byClick);
  document.addEventListener("keydown", byKey, true); // before menus close and are no longer seen to have been open
  bar.querySelector("[data-clear]").addEventListener("click", () => clear());
  bar.querySelector("[data-select-all]").addEventListener("click", selectAll);
  for (const name of ["htmx:afterSettle", "cardsMoved"]) document.addEventListener(name, () => show({ quietly: true }));
  // The browser sets the check marks again when somebody comes back to a page.
  addEventListener("pageshow", () => select([...document.querySelectorAll("[data-check]:checked")].map((check) => check.value), { quietly: true }));
}
