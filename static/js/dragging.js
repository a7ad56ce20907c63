// Cards dragged onto a folder or a collection of the rail; with several chosen ones, all of them. The menu offers the same.
import { post } from "./lib.js";
import { selectedIds } from "./selection.js";

const rail = document.getElementById("rail");
const KIND = "application/x-library-assets";

function taken(card) {
  const { asset } = card.dataset;
  return selectedIds().includes(asset) ? selectedIds() : [asset].filter(Boolean);
}

function targetOf(event) {
  const target = event.dataTransfer?.types.includes(KIND) && event.target.closest?.("[data-accepts]");
  return target && rail.contains(target) ? target : null;
}

function mark(target) {
  for (const other of rail.querySelectorAll("[data-over]")) if (other !== target) delete other.dataset.over;
  if (target) target.dataset.over = "";
}

if (rail?.dataset.bulkUrl) {
  // Only what a mouse has taken hold of can be dragged: a finger scrolls, and holds for the menu.
  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.("#grid > .card");
    if (card) card.draggable = event.pointerType === "mouse" && event.button === 0 && !event.target.closest(".card-tools");
  });
  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.("#grid > .card");
    if (!card) return;
    event.dataTransfer.setData(KIND, taken(card).join(","));
    event.dataTransfer.effectAllowed = "copyMove";
    const image = card.querySelector("img");
    if (image) event.dataTransfer.setDragImage(image, 24, 24);
    rail.dataset.dragging = "";
  });
  document.addEventListener("dragend", () => { delete rail.dataset.dragging; mark(null); });
  document.addEventListener("dragover", (event) => {
    const target = targetOf(event);
    mark(target);
    if (!target) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = target.dataset.accepts === "folder" ? "move" : "copy";
  });
  rail.addEventListener("drop", (event) => {
    const target = targetOf(event);
    if (!target) return;
    event.preventDefault();
    mark(null);
    const kind = target.dataset.accepts;
    const values = { action: kind === "folder" ? "move" : "collect", assets: event.dataTransfer.getData(KIND), [kind]: target.dataset.id };
    post(rail.dataset.bulkUrl, values);
  });
}
