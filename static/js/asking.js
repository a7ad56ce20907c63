// Links marked data-asks open the question that they lead to in the page's dialog; without a script they are pages.
const dialog = document.getElementById("asking");
const asked = document.getElementById("asked");

async function open(url) {
  asked.replaceChildren();
  await htmx.ajax("GET", url, { target: asked, swap: "innerHTML" });
  if (!asked.childElementCount) return; // it was refused, and a message says why
  if (!dialog.open) dialog.showModal();
  asked.querySelector("[autofocus]")?.focus();
}

if (dialog) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-asks]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      link.closest("details[data-menu]")?.removeAttribute("open");
      open(link.href);
    } else if (event.target === dialog || (event.target.closest("[data-asking-close]") && dialog.contains(event.target))) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("close", () => asked.replaceChildren());
  document.addEventListener("htmx:responseError", () => dialog.close());
  addEventListener("pageshow", (event) => { if (event.persisted) dialog.close(); });

  // What was asked is done, and the page stays: cards that no longer belong here go.
  document.addEventListener("assetsGone", (event) => {
    dialog.close();
    for (const asset of event.detail.assets) {
      const card = document.querySelector(`#grid > .card[data-asset="${CSS.escape(asset)}"]`);
      const next = card?.nextElementSibling ?? card?.previousElementSibling;
      const focused = card?.contains(document.activeElement);
      card?.remove();
      if (focused) next?.querySelector(".card-link")?.focus();
    }
  });
}
