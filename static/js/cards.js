// The cards of a grid in their order. Of a long one those far from the screen are taken out of the page and their place is
// kept: thousands of cards weigh no more than a few hundred, and nothing moves when they come back.
//
// What is out stands in two rows of blocks, `above` and `below`; a block is whole rows of cards: {html, ids, extent}, the
// extent in pixels with the gap behind it. Menus of one kind differ by the id alone and are kept once.
import { fragment } from "./lib.js";

const MOST = 900; // cards in the page
const BLOCK = 60; // cards that come and go together
const IN_PAGE = ":scope > .card";
const grid = document.getElementById("grid");
const above = [];
const below = [];
const gone = new Set(); // ids of cards that have left the page and may come back to it
const menus = [];
let lost = null; // the id of the card that was taken out with the focus in it

export const cards = () => [...document.querySelectorAll("[data-grid] > .card[data-asset]:not([hidden])")];
const idsOf = (blocks) => blocks.flatMap((block) => block.ids).filter((id) => !gone.has(id));

// The ids of all cards, in the page or out of it.
export function order() {
  return [...idsOf(above), ...cards().map((card) => card.dataset.asset), ...idsOf(below)];
}

// Where a card stands among all: {at, count}, from 1.
export function position(card) {
  const here = cards();
  const before = idsOf(above).length;
  return { at: before + here.indexOf(card) + 1, count: before + here.length + idsOf(below).length };
}

// The next card of a list in a direction; what is out of the page comes back for it.
export function neighbour(card, by, list = cards) {
  const find = () => { const all = list(); return all[all.indexOf(card) + by]; };
  let found = find();
  while (!found && reach(by)) found = find();
  return found;
}

// Have the block before (-1) or behind (1) what is in the page come back. False: there is none.
export function reach(by) {
  if (!(by < 0 ? above : below).length) return false;
  putBack(by < 0);
  return true;
}

// The first (-1) or last (1) card of a list.
export function edge(by, list = cards) {
  if ((by < 0 ? above : below).length) showAt(by < 0 ? 0 : Infinity);
  return list().at(by < 0 ? 0 : -1);
}

export function cardWith(id) {
  const all = [...above, ...below];
  const block = all.find((each) => each.ids.includes(id));
  if (block) showAt(above.includes(block) ? tall(above.slice(0, above.indexOf(block))) : tall(above) + heightInPage() + tall(below.slice(0, below.indexOf(block))));
  return grid.querySelector(`${IN_PAGE}[data-asset="${CSS.escape(id)}"]`);
}

// The page's own things, without what keeps the place of others.
const inPage = () => [...grid.children].filter((child) => child !== over && child !== under);
const tall = (blocks) => blocks.reduce((sum, block) => sum + block.extent, 0);
const gap = () => parseFloat(getComputedStyle(grid).rowGap) || 0;
const space = () => Object.assign(document.createElement("li"), { className: "grid-space", ariaHidden: "true" });
const over = space();
const under = space();

function heightInPage() {
  const lines = rows();
  return lines.length ? lines.at(-1).bottom - lines[0].top + gap() : 0;
}

function keepPlace() {
  for (const [blocks, element, put] of [[above, over, "prepend"], [below, under, "append"]]) {
    if (!blocks.length) element.remove();
    else if (!element.isConnected) grid[put](element);
    element.style.height = `${Math.max(0, tall(blocks) - gap())}px`;
  }
}

// The rows as they stand on the screen: {top, bottom, items}. A hidden card goes with the row it would be in.
function rows() {
  const found = [];
  let waiting = [];
  for (const item of inPage()) {
    const { top, bottom } = item.getBoundingClientRect();
    const last = found.at(-1);
    if (item.hidden) (last?.items ?? waiting).push(item);
    else if (last && Math.abs(top - last.top) < 2) last.items.push(item);
    else {
      found.push({ top, bottom, items: [...waiting, item] });
      waiting = [];
    }
  }
  return found;
}

function takeOut(lines, extent) {
  const items = lines.flatMap((line) => line.items);
  const block = { ids: items.map((item) => item.dataset.asset).filter(Boolean), extent };
  for (const item of items) {
    if (item.contains(document.activeElement)) {
      lost = item.dataset.asset;
      grid.tabIndex = -1;
      grid.focus({ preventScroll: true });
    }
    const panel = item.querySelector("[data-actions] > .menu-panel");
    if (panel) {
      const pattern = panel.outerHTML.replaceAll(item.dataset.asset, "\0");
      if (!menus.includes(pattern)) menus.push(pattern);
      panel.replaceWith(Object.assign(document.createElement("template"), { id: `menu-${menus.indexOf(pattern)}` }));
    }
  }
  block.html = items.map((item) => item.outerHTML).join("");
  for (const item of items) item.remove();
  return block;
}

// Rows as blocks of about BLOCK cards, out of the page; each reaches to where the next row begins.
function blocksOf(lines, end) {
  const made = [];
  let part = [];
  let count = 0;
  const tops = [...lines.map((line) => line.top), end];
  lines.forEach((line, at) => {
    part.push(line);
    count += line.items.length;
    if (count < BLOCK && at < lines.length - 1) return;
    made.push([part, tops[at + 1] - part[0].top]);
    [part, count] = [[], 0];
  });
  return made.map(([part, extent]) => takeOut(part, extent));
}

function nodesOf(blocks) {
  const nodes = fragment(blocks.map((block) => block.html).join(""));
  for (const card of nodes.querySelectorAll(".card")) {
    card.hidden = gone.has(card.dataset.asset);
    const menu = card.querySelector("template[id^=menu-]");
    menu?.replaceWith(fragment(menus[menu.id.slice(5)].replaceAll("\0", card.dataset.asset)));
  }
  return nodes;
}

function putBack(fromAbove) {
  if (fromAbove) over.after(nodesOf([above.pop()]));
  else under.before(nodesOf([below.shift()]));
  settle();
}

function settle() {
  keepPlace();
  const before = idsOf(above).length;
  const here = cards();
  const size = before + here.length + idsOf(below).length;
  here.forEach((card, at) => { // a list of which a part is in the page
    card.ariaPosInSet = before + at + 1;
    card.ariaSetSize = size;
  });
  document.dispatchEvent(new CustomEvent("cardsMoved"));
}

// Have in the page what stands around so many pixels below the grid's begin, and nothing else.
function showAt(offset) {
  const near = 1.5 * innerHeight;
  const lines = rows();
  const all = [...above, ...blocksOf(lines, lines.length ? lines.at(-1).bottom + gap() : 0), ...below];
  const target = Math.min(offset, tall(all));
  const ends = all.map(((sum) => (block) => (sum += block.extent))(0));
  const from = Math.max(0, ends.findIndex((end) => end > target - near));
  let to = ends.findIndex((end) => end > target + innerHeight + near) + 1;
  if (!to) to = all.length;
  above.splice(0, above.length, ...all.slice(0, from));
  below.splice(0, below.length, ...all.slice(to));
  grid.replaceChildren(nodesOf(all.slice(from, to)));
  settle();
}

// Take out what is far from the screen and put back what comes near it.
function follow() {
  let lines = rows();
  if (!lines.length && !above.length && !below.length) return;
  const height = innerHeight;
  const [top, bottom] = lines.length ? [lines[0].top, lines.at(-1).bottom] : [Infinity, -Infinity];
  if ((above.length || below.length) && (bottom < -height || top > 2 * height)) {
    showAt(Math.max(0, -grid.getBoundingClientRect().top));
    return;
  }
  const dense = inPage().length / Math.max(height, bottom - top);
  const far = Math.min(2.5 * height, Math.max(0.6 * height, (MOST / dense - height) / 2));
  const near = 0.6 * far;
  const leaving = [lines.filter((line) => line.bottom < -far), lines.filter((line) => line.top > height + far)];
  const many = leaving.map((part) => part.reduce((sum, line) => sum + line.items.length, 0) >= BLOCK / 2 && part.length < lines.length);
  if (many[0]) above.push(...blocksOf(leaving[0], lines[leaving[0].length].top));
  if (many[1]) below.unshift(...blocksOf(leaving[1], bottom + gap()));
  if (many[0] || many[1]) settle();
  while (above.length && (rows()[0]?.top ?? Infinity) > -near) putBack(true);
  while (below.length && (rows().at(-1)?.bottom ?? -Infinity) < height + near) putBack(false);
}

// Another width breaks rows elsewhere: all come back, to be measured anew.
function lay() {
  if (!above.length && !below.length) return;
  const kept = inPage().find((item) => item.getBoundingClientRect().bottom > 0);
  const was = kept?.getBoundingClientRect().top;
  over.after(nodesOf(above.splice(0)));
  under.before(nodesOf(below.splice(0)));
  settle();
  if (kept) scrollBy({ top: kept.getBoundingClientRect().top - was, behavior: "instant" });
  follow();
}

// Cards that left the page, or came back to it, while they were out.
function changed(event) {
  const { gone: leaving = event.detail.assets ?? [], here = [] } = event.detail;
  const shown = new Map([...above, ...below].map((block) => [block, idsOf([block]).length]));
  const out = new Set([...above, ...below].flatMap((block) => block.ids));
  for (const id of leaving) gone.add(id);
  for (const id of here) gone.delete(id);
  if (event.detail.here) event.detail.here = here.filter((id) => !out.has(id));
  for (const [block, before] of shown) {
    const now = idsOf([block]).length;
    block.whole ??= block.extent / Math.max(1, before);
    block.extent = before === now ? block.extent : block.whole * now;
  }
  keepPlace();
  schedule();
}

// What was asked about a card before it left, and arrives after it, does not bring it back.
function stayAway({ detail: { fragment } }) {
  for (const card of fragment.querySelectorAll(".card[data-asset]")) card.hidden = gone.has(card.dataset.asset);
}

let scheduled = false;
function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    if (!document.querySelector("[data-dragging]")) follow();
  });
}

// Cards that were loaded while the end was out of the page stand behind it. At once: whoever presses a key in the moment
// until htmx has settled would find them where they do not belong.
function arrived(event) {
  if (event.target !== grid) return;
  const late = [];
  for (let next = under.isConnected && under.nextElementSibling; next; next = next.nextElementSibling) late.push(next);
  if (late.length) {
    const lines = rows().filter((line) => line.items.some((item) => late.includes(item)));
    below.push(...blocksOf(lines, lines.at(-1).bottom + gap()));
    keepPlace();
  }
  schedule();
}

// A key meant for the card that had the focus when it was taken out.
function forLost(event) {
  if (event.target !== grid || !lost || ["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
  const link = cardWith(lost)?.querySelector(".card-link");
  lost = null;
  if (!link) return;
  link.focus();
  if (event.key === "Tab") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.key === "Enter") link.click();
  else link.dispatchEvent(new KeyboardEvent("keydown", event));
}

if (grid) {
  let width = grid.clientWidth;
  let timer = 0;
  const laidOut = () => { clearTimeout(timer); timer = setTimeout(lay, 150); };
  new ResizeObserver(() => {
    if (grid.clientWidth === width) return;
    width = grid.clientWidth;
    laidOut();
  }).observe(grid);
  document.addEventListener("gridLaidOut", lay);
  addEventListener("scroll", schedule, { passive: true });
  document.addEventListener("htmx:afterSwap", arrived);
  document.addEventListener("htmx:oobBeforeSwap", stayAway);
  document.addEventListener("assetsChanged", changed, true); // before those who look for the cards in the page
  document.addEventListener("keydown", forLost, true);
}
