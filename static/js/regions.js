// Drawing on the picture: a box that is dragged, moved and resized is what stands in the number fields of the form.
const SMALLEST = 16; // pixels of the original, as the server says
let board = null;

const form = () => document.querySelector("[data-draws]");
const field = (side) => form().querySelector(`[data-side=${side}]`);

function numbers() {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((side) => Number.parseInt(field(side).value, 10));
  return width > 0 && height > 0 && x >= 0 && y >= 0 ? { x, y, width, height } : null;
}

function write(box) {
  for (const side of ["x", "y", "width", "height"]) field(side).value = Math.round(box[side]);
  draw();
}

function draw() {
  const box = form() && numbers();
  const { zoom, mark } = board;
  mark.hidden = !box;
  if (!box) return;
  const percent = (value, of) => `${(100 * value) / Number(zoom.dataset[of])}%`;
  mark.style.left = percent(box.x, "width");
  mark.style.top = percent(box.y, "height");
  mark.style.width = percent(box.width, "width");
  mark.style.height = percent(box.height, "height");
  // Its edges stay as thin as they are, however large the picture is.
  const grown = zoom.querySelector(".zoom-layer").getBoundingClientRect().width / zoom.querySelector(".zoom-layer").offsetWidth;
  mark.style.borderWidth = mark.style.outlineWidth = `${2 / grown}px`;
  for (const edge of mark.children) edge.style.scale = 1 / grown;
}

// Where a pointer is, in pixels of the original.
function place(event) {
  const { zoom } = board;
  const box = zoom.querySelector(".zoom-layer").getBoundingClientRect();
  const within = (value, of) => Math.min(Number(zoom.dataset[of]), Math.max(0, value * Number(zoom.dataset[of])));
  return { x: within((event.clientX - box.left) / box.width, "width"), y: within((event.clientY - box.top) / box.height, "height") };
}

const between = (one, other) => ({
  x: Math.min(one.x, other.x), y: Math.min(one.y, other.y), width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y),
});

function onDown(event) {
  if (!("drawing" in board.zoom.dataset) || event.altKey || (event.pointerType === "mouse" && event.button !== 0)) return;
  if (board.drag) { // a second finger zooms
    if (board.before) write(board.before);
    board.drag = null;
    return;
  }
  const at = place(event);
  const box = numbers();
  const edge = event.target.dataset?.edge;
  board.before = box;
  event.preventDefault();
  if (edge && box) {
    const corner = { x: edge.includes("w") ? box.x + box.width : box.x, y: edge.includes("n") ? box.y + box.height : box.y };
    board.drag = (to) => between(corner, to);
  } else if (box && event.target === board.mark) {
    board.drag = (to) => ({
      ...box,
      x: Math.min(Number(board.zoom.dataset.width) - box.width, Math.max(0, box.x + to.x - at.x)),
      y: Math.min(Number(board.zoom.dataset.height) - box.height, Math.max(0, box.y + to.y - at.y)),
    });
  } else board.drag = (to) => between(at, to);
  board.zoom.setPointerCapture(event.pointerId);
}

function onMove(event) {
  if (board.drag) write(board.drag(place(event)));
}

function onUp() {
  if (!board.drag) return;
  board.drag = null;
  const box = numbers();
  if (!box || box.width < SMALLEST || box.height < SMALLEST) { // a click, not a box
    if (board.before) write(board.before);
    else for (const side of ["x", "y", "width", "height"]) field(side).value = "";
    draw();
    return;
  }
  const label = form().elements.label;
  if (!label.value) label.focus({ preventScroll: true });
}

function start(zoom) {
  const mark = document.createElement("div");
  mark.className = "drawn-box";
  mark.hidden = true;
  for (const edge of ["nw", "ne", "sw", "se"]) mark.append(corner(edge));
  zoom.querySelector(".zoom-layer").append(mark);
  board = { zoom, mark, drag: null, before: null };
  zoom.addEventListener("pointerdown", onDown);
  zoom.addEventListener("pointermove", onMove);
  for (const type of ["pointerup", "pointercancel"]) zoom.addEventListener(type, onUp);
  zoom.addEventListener("zoomed", draw);
}

function corner(edge) {
  const made = document.createElement("i");
  made.dataset.edge = edge;
  return made;
}

function find() {
  const zoom = document.querySelector("[data-zoom]");
  if (!zoom) return;
  if (zoom !== board?.zoom) start(zoom);
  const draws = Boolean(form());
  if (draws !== "drawing" in zoom.dataset) zoom.toggleAttribute("data-drawing", draws);
  draw();
}

document.addEventListener("input", (event) => {
  if (board && event.target.matches("[data-draws] [data-side]")) draw();
});

find();
document.addEventListener("htmx:afterSettle", find);
