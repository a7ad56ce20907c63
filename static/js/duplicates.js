// Groups of duplicates by keyboard: arrows move, 1 to 9 keep one, `a` keeps all, `n` are none, `u` undoes. A group that
// is decided goes, and the next one has the focus.
import { isBareKey } from "./lib.js";

const groups = () => [...document.querySelectorAll("[data-group]:not([hidden])")];
const groupOf = (event) => event.detail.elt.matches?.("[data-group] form") && event.detail.elt.closest("[data-group]");
const pictures = (group) => [...group.querySelectorAll(".duplicate-picture")];
const goTo = (picture) => picture?.focus();

function move(event, group) {
  const all = groups();
  const here = pictures(group);
  const at = here.indexOf(event.target);
  const target = {
    ArrowRight: () => here[at + 1],
    ArrowLeft: () => here[at - 1],
    ArrowDown: () => pictures(all[all.indexOf(group) + 1] ?? group)[0],
    ArrowUp: () => pictures(all[all.indexOf(group) - 1] ?? group)[0],
  }[event.key];
  if (!target || !event.target.matches(".duplicate-picture")) return false;
  goTo(target());
  return true;
}

function decide(event, group) {
  const keep = /^[1-9]$/.test(event.key) && group.querySelectorAll("button[name=keep]")[event.key - 1];
  const action = { a: "keep_all", n: "not_duplicates" }[event.key];
  const button = keep || (action && group.querySelector(`button[value=${action}]`));
  button?.click();
  return Boolean(button);
}

if (groups().length) {
  document.addEventListener("keydown", (event) => {
    const group = event.target.closest?.("[data-group]") ?? groups()[0];
    if (!group || !isBareKey(event, event.key)) return;
    const undo = event.key === "u" && [...document.querySelectorAll("#toasts [data-undo] button")].at(-1);
    undo?.click?.();
    if (undo || move(event, group) || decide(event, group)) event.preventDefault();
  });

  // At once, so that the next key is meant for the next group; back, if it was refused.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const group = groupOf(event);
    if (!group) return;
    const all = groups();
    const next = all[all.indexOf(group) + 1] ?? all[all.indexOf(group) - 1];
    group.hidden = true;
    if (next) goTo(pictures(next)[0]);
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const group = groupOf(event);
    if (!group) return;
    group.hidden = event.detail.successful;
    if (!event.detail.successful) return goTo(pictures(group)[0]);
    group.remove();
    if (document.querySelector("[data-group]")) return;
    const more = document.querySelector(".more a");
    if (more) location.assign(more.href);
    else document.querySelector("[data-none-left]").hidden = false;
  });

  // Deleted by its menu, or back by an undo.
  document.addEventListener("assetsChanged", ({ detail: { gone, here } }) => {
    for (const id of gone) for (const item of document.querySelectorAll(`.duplicate[data-asset="${CSS.escape(id)}"]`)) item.remove();
    for (const group of groups()) if (pictures(group).length < 2) group.remove();
    if (here.length) location.reload();
  });
}
