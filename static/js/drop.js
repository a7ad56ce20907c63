// Files dragged anywhere over the page: an overlay asks whether to upload them or to search with them.
import { onDrop } from "./lib.js";
import { filesOf } from "./folders.js";

const overlay = document.getElementById("drop-overlay");
const uploadPage = document.querySelector("[data-upload=page]");
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
const busy = () => document.querySelector("dialog[open]");
const say = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
const upload = async (transfer) => say("dam:upload", await filesOf(transfer));

if (overlay) {
  addEventListener("dragenter", (event) => {
    if (!carriesFiles(event) || busy()) return;
    event.preventDefault();
    if (!uploadPage) overlay.hidden = false;
  });
  addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) overlay.hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    overlay.hidden = true;
    if (uploadPage && !busy()) upload(event.dataTransfer);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") overlay.hidden = true; });
  for (const target of overlay.querySelectorAll("[data-drop-to]")) {
    onDrop(target, (files, transfer) => {
      overlay.hidden = true;
      if (target.dataset.dropTo === "upload") upload(transfer);
      else say("dam:search-by-image", files[0]);
    });
  }
}
