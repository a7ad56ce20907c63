// Arrow keys move between cards as they stand on the screen; cards that arrive are announced.
import { announce, fill } from "./lib.js";

const middle = (box) => box.left + box.width / 2;

function inRow(cards, from, direction) {
  const start = from.getBoundingClientRect();
  let row = null;
  let best = null;
  for (const card of direction > 0 ? cards : cards.toReversed()) {
    const box = card.getBoundingClientRect();
    const beyond = direction > 0 ? box.top - start.top : start.top - box.top;
    if (beyond < 8) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) > 8) break;
    const distance = Math.abs(middle(box) - middle(start));
    if (!best || distance < best.distance) best = { card, distance };
  }
  return best?.card;
}

document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("[data-grid] .card");
  if (!card || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const cards = [...card.parentElement.querySelectorAll(".card:not([hidden])")];
  const at = cards.indexOf(card);
  const next = {
    ArrowRight: () => cards[at + 1],
    ArrowLeft: () => cards[at - 1],
    ArrowDown: () => inRow(cards, card, 1),
    ArrowUp: () => inRow(cards, card, -1),
    Home: () => cards[0],
    End: () => cards.at(-1),
  }[event.key];
  if (!next) return;
  event.preventDefault();
  next()?.querySelector(".card-link").focus();
});

let counted = document.querySelectorAll("#grid > .card").length;
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "grid") return;
  const cards = event.target.querySelectorAll(":scope > .card").length;
  if (cards > counted) announce(fill(event.target.dataset.loaded, { count: cards - counted }));
  counted = cards;
});
