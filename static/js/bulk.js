// What is done with the selection, or with what is dragged. The server does it and says what has become of it; here cards
// that have left the page go, and come back when that is undone. What it has to ask first is asked by asking.js.
import { cards, deselect, select, selectedIds, show } from "./selection.js";
import { isBareKey, post } from "./lib.js";

const bar = document.getElementById("selection");

// The selection stands for the check marks, of which there may be fewer: a form can have a thousand fields only.
function fillIn(event) {
  if (event.detail.elt === bar) event.detail.parameters.assets = selectedIds().join(",");
}

function focusNear(hidden) {
  const all = [...document.querySelectorAll("[data-grid] > .card[data-asset]")];
  const at = all.indexOf(hidden);
  const next = all.slice(at).find((card) => !card.hidden) ?? all.slice(0, at).findLast((card) => !card.hidden);
  next?.querySelector(".card-link")?.focus();
}

const cardsOf = (ids) => {
  const wanted = new Set(ids);
  return [...document.querySelectorAll("[data-grid] > .card[data-asset]")].filter((card) => wanted.has(card.dataset.asset));
};

function changed(event) {
  const { gone, here } = event.detail;
  const leaving = cardsOf(gone).filter((card) => !card.hidden);
  const returning = cardsOf(here).filter((card) => card.hidden);
  for (const card of leaving) card.hidden = true;
  for (const card of returning) card.hidden = false;
  deselect(gone, { quietly: true });
  if (returning.length) returning[0].querySelector(".card-link")?.focus();
  else if (leaving.length) focusNear(leaving[0]);
  const unseen = here.some((id) => !document.querySelector(`.card[data-asset="${CSS.escape(id)}"]`));
  if (unseen && event.target.closest?.("[data-undo]")) return location.reload();
  if (leaving.length || returning.length) count();
  if (leaving.length && !cards().length) document.querySelector("#more a")?.click();
}

// How many there are now, and what stands in place of the last card: as the page would say it anew.
async function count() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const number = fresh.querySelector(".toolbar-title .number");
  if (number) document.querySelector(".toolbar-title .number")?.replaceChildren(number.textContent);
  document.querySelector("[data-instead]")?.remove();
  const empty = fresh.querySelector(".main > .empty");
  if (!empty || cards().length) return;
  empty.dataset.instead = "";
  document.getElementById("grid")?.after(document.adoptNode(empty));
}

// An undo is good for once: its message goes with it.
function undone(event) {
  const form = event.detail.elt;
  if (event.detail.successful && form.matches?.("[data-undo]")) form.closest("[data-toast]")?.remove();
}

// Delete: of the selection, or of the card that has the focus.
function byKey(event) {
  const button = bar.querySelector("[data-on-delete]");
  if (!button || !isBareKey(event, "Delete")) return;
  const card = event.target.closest?.("[data-grid] > .card[data-asset]");
  if (!selectedIds().length && card) select([card.dataset.asset], { quietly: true });
  if (!selectedIds().length) return;
  event.preventDefault();
  button.click(); // not requestSubmit: htmx would not learn which button it was
}

// One card, whatever is selected.
export function remove(card) {
  post(bar.getAttribute("action"), { action: "delete", assets: card.dataset.asset });
}

if (bar) {
  document.addEventListener("htmx:configRequest", fillIn);
  document.addEventListener("assetsChanged", changed);
  document.addEventListener("htmx:afterRequest", undone);
  document.addEventListener("keydown", byKey);
  addEventListener("pageshow", () => show({ quietly: true }));
}
