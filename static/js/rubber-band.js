// A rectangle drawn with the mouse on empty space selects the cards that it touches; with Ctrl, Cmd or Shift it adds them.
import { cards, clear, select, selectedIds } from "./selection.js";

const EMPTY = ".main, .grid, .toolbar, .more, .grid-end, .page-head, .issue, #results";
const LEAST = 6;
const EDGE = 48;
let drawn = null;

const spot = (event) => ({ x: event.clientX + scrollX, y: event.clientY + scrollY });

// Where the cards stand; those that have been scrolled out of the page since it began stay where they were.
function note(boxes, all) {
  for (const card of all) {
    const box = card.getBoundingClientRect();
    boxes.set(card.dataset.asset, { left: box.left + scrollX, top: box.top + scrollY, right: box.right + scrollX, bottom: box.bottom + scrollY });
  }
}

function begin(event) {
  if (event.button !== 0 || !event.target.matches(EMPTY) || !document.querySelector("[data-grid] > .card[data-asset]")) return;
  event.preventDefault(); // no text is marked
  const adds = event.ctrlKey || event.metaKey || event.shiftKey;
  drawn = { start: spot(event), last: event, kept: adds ? selectedIds() : [], adds, boxes: new Map() };
}

function draw() {
  const { start, last } = drawn;
  const end = spot(last);
  if (!drawn.band) {
    if (Math.hypot(end.x - start.x, end.y - start.y) < LEAST) return;
    drawn.band = document.body.appendChild(Object.assign(document.createElement("div"), { className: "band" }));
  }
  const all = cards();
  if (drawn.from !== all[0] || drawn.to !== all.at(-1)) { // others have come since
    note(drawn.boxes, all);
    Object.assign(drawn, { from: all[0], to: all.at(-1) });
  }
  const [left, top, right, bottom] = [Math.min(start.x, end.x), Math.min(start.y, end.y), Math.max(start.x, end.x), Math.max(start.y, end.y)];
  Object.assign(drawn.band.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
  const touched = [...drawn.boxes].filter(([, box]) => box.left < right && box.right > left && box.top < bottom && box.bottom > top);
  const ids = [...drawn.kept, ...touched.map(([id]) => id)];
  if (ids.join() === drawn.ids) return;
  drawn.ids = ids.join();
  select(ids, { only: true, quietly: true });
}

// Near the edge of the window the page scrolls on, for as long as the mouse stays there.
function scroll() {
  if (!drawn?.band) return;
  const y = drawn.last.clientY;
  const by = y < EDGE ? y - EDGE : y > innerHeight - EDGE ? y - innerHeight + EDGE : 0;
  if (by) {
    scrollBy(0, by / 3);
    draw();
  }
  requestAnimationFrame(scroll);
}

function end() {
  if (!drawn) return;
  const { band, adds } = drawn;
  drawn = null;
  if (band) {
    band.remove();
    select([]); // says how many there are
  } else if (!adds) {
    clear();
  }
}

if (document.getElementById("selection")) {
  document.addEventListener("mousedown", begin);
  document.addEventListener("mousemove", (event) => {
    if (!drawn) return;
    const was = drawn.band;
    drawn.last = event;
    draw();
    if (!was && drawn.band) requestAnimationFrame(scroll);
  });
  document.addEventListener("mouseup", end);
  addEventListener("blur", end);
}
