// Messages go away by themselves, later when they offer an undo, and not while they are being read.
const box = document.getElementById("toasts");

function watch(toast) {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "true";
  if (toast.querySelector("[data-stays]")) return;
  const lasts = toast.querySelector("form") ? 15000 : 7000;
  let timer = setTimeout(() => toast.remove(), lasts);
  const stay = () => clearTimeout(timer);
  const go = () => { clearTimeout(timer); timer = setTimeout(() => toast.remove(), lasts / 2); };
  toast.addEventListener("pointerenter", stay);
  toast.addEventListener("focusin", stay);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusout", go);
}

if (box) {
  const watchAll = () => box.querySelectorAll("[data-toast]").forEach(watch);
  new MutationObserver(watchAll).observe(box, { childList: true, subtree: true });
  watchAll();
  box.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) event.target.closest("[data-toast]").remove();
  });
}
