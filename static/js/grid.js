// Arrow keys move between cards as they stand on the screen; cards that arrive are announced.
import { edge, neighbour, order, reach } from "./cards.js";
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

// The card above or below; what is out of the page comes back for it.
function across(cards, from, direction) {
  let found = inRow(cards(), from, direction);
  while (!found && reach(direction)) found = inRow(cards(), from, direction);
  return found;
}

document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("[data-grid] .card");
  if (!card || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const list = card.parentElement;
  const cards = () => [...list.querySelectorAll(":scope > .card:not([hidden])")];
  const next = {
    ArrowRight: () => neighbour(card, 1, cards),
    ArrowLeft: () => neighbour(card, -1, cards),
    ArrowDown: () => across(cards, card, 1),
    ArrowUp: () => across(cards, card, -1),
    Home: () => edge(-1, cards),
    End: () => edge(1, cards),
  }[event.key];
  if (!next) return;
  event.preventDefault();
  next()?.querySelector(".card-link").focus();
});

let counted = order().length;
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "grid") return;
  const cards = order().length;
  if (cards > counted) announce(fill(event.target.dataset.loaded, { count: cards - counted }));
  counted = cards;
});
