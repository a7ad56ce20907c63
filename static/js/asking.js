// What the server asks first stands in the page's dialog: asked for by links marked data-asks, which without a script lead
// to pages, and by whatever else swaps into it.
import { load } from "./lib.js";

const dialog = document.getElementById("asking");
const asked = document.getElementById("asked");
let asking = null; // the button that the focus goes back to: disabled during the request, it has lost it

// With nothing more to ask, it is done.
function show(event) {
  if (event.detail.target !== asked) return;
  if (!asked.childElementCount) return dialog.close();
  if (dialog.open) return asked.querySelector("[autofocus]")?.focus();
  asking = event.detail.requestConfig.triggeringEvent?.submitter;
  dialog.showModal();
}

if (dialog) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-asks]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      link.closest("details[data-menu]")?.removeAttribute("open");
      load(link.href, event, asked, "innerHTML");
    } else if (event.target === dialog || (event.target.closest("[data-asking-close]") && dialog.contains(event.target))) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("htmx:afterSwap", show);
  document.addEventListener("htmx:responseError", () => { if (!asked.querySelector("[data-problem]")) dialog.close(); });
  dialog.addEventListener("close", () => {
    asked.replaceChildren();
    asking?.focus();
    asking = null;
  });
  addEventListener("pageshow", (event) => { if (event.persisted) dialog.close(); });
}
