// Space shows the card that has the focus large, arrows its neighbours. `?` lists the keys.
import { neighbour, position } from "./cards.js";
import { fill, isBareKey } from "./lib.js";

const dialog = document.getElementById("preview");
const help = document.getElementById("key-help");
let current = null;

function look(card) {
  current = card;
  const thumb = card.querySelector(".thumb img");
  const image = dialog.querySelector("[data-preview-image]");
  const name = card.querySelector(".caption-name").textContent;
  image.hidden = !thumb;
  image.alt = thumb?.alt ?? "";
  if (thumb) {
    for (const side of ["width", "height"]) image.setAttribute(side, thumb.getAttribute(side));
    image.src = thumb.currentSrc || thumb.src; // at once, until the larger one is here
    const large = new Image();
    large.onload = () => { if (current === card) image.src = large.src; };
    large.src = thumb.src.replace(/thumb\/(?=$|\?)/, "preview/");
  }
  dialog.querySelector("#preview-name").textContent = fill(dialog.dataset.position, { name, ...position(card) });
  dialog.querySelector("[data-preview-open]").href = card.querySelector(".card-link").href;
  for (const button of dialog.querySelectorAll("[data-preview-step]")) button.disabled = !neighbour(card, Number(button.dataset.previewStep));
}

function step(by) {
  const card = neighbour(current, by);
  if (!card) return;
  card.scrollIntoView({ block: "nearest" });
  look(card);
}

function onKey(event) {
  if (isBareKey(event, "?")) return help.showModal();
  const card = event.target.closest?.("[data-grid] > .card[data-asset]");
  if (!isBareKey(event, " ") || !card || event.target.closest("input, button, summary, .tool")) return;
  event.preventDefault();
  look(card);
  dialog.showModal();
}

function onDialogKey(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) step(by);
  else if (event.key !== " " || event.target.closest("button")) return;
  else dialog.close();
  event.preventDefault();
}

if (dialog) {
  document.addEventListener("keydown", onKey);
  dialog.addEventListener("keydown", onDialogKey);
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-preview-step]");
    if (button) step(Number(button.dataset.previewStep));
    else if (event.target === dialog || event.target.matches(".preview-stage")) dialog.close();
  });
  dialog.addEventListener("close", () => current?.querySelector(".card-link").focus());
  help.addEventListener("click", (event) => { if (event.target === help) help.close(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-key-help]");
    if (!button) return;
    button.closest("details").open = false;
    help.showModal();
  });
}
