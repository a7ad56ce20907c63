// The large picture: fit, 100 %, wheel, pinch, keys, pan. When it is shown larger than its preview, the original comes.
import { isBareKey } from "./lib.js";

const STEP = 1.4;
const LARGEST = 8; // times its own pixels
let view = null;

const parts = (zoom) => ({ zoom, layer: zoom.querySelector(".zoom-layer"), image: zoom.querySelector(".zoom-layer img") });

// Scale and offset of the layer against where it lies by itself, in CSS pixels.
function start(zoom) {
  view = { ...parts(zoom), scale: 1, x: 0, y: 0, pointers: new Map() };
  view.image.complete ? show() : view.image.addEventListener("load", show, { once: true });
  zoom.addEventListener("pointerdown", onDown);
  zoom.addEventListener("pointermove", onMove);
  for (const type of ["pointerup", "pointercancel"]) zoom.addEventListener(type, onUp);
  zoom.addEventListener("wheel", onWheel, { passive: false });
  zoom.addEventListener("dblclick", (event) => {
    if (!("drawing" in zoom.dataset)) to(view.scale > 1 ? 1 : full(), event);
  });
}

// How many of its pixels the fitted picture has in one of the screen's.
const full = () => Number(view.zoom.dataset.width) / (view.layer.offsetWidth || 1);
const largest = () => Math.max(LARGEST * full(), 4);

function to(scale, at) {
  const box = view.zoom.getBoundingClientRect();
  const next = Math.min(largest(), Math.max(1, scale));
  // What is under the pointer stays there.
  const px = (at?.clientX ?? box.left + box.width / 2) - box.left - view.layer.offsetLeft;
  const py = (at?.clientY ?? box.top + box.height / 2) - box.top - view.layer.offsetTop;
  view.x = px - (px - view.x) * (next / view.scale);
  view.y = py - (py - view.y) * (next / view.scale);
  view.scale = next;
  show();
}

function show() {
  const { zoom, layer, scale } = view;
  const within = (offset, start, size, room) => {
    const large = size * scale;
    if (large <= room) return (room - large) / 2 - start;
    return Math.min(-start, Math.max(room - large - start, offset));
  };
  if (scale === 1) view.x = view.y = 0;
  else {
    view.x = within(view.x, layer.offsetLeft, layer.offsetWidth, zoom.clientWidth);
    view.y = within(view.y, layer.offsetTop, layer.offsetHeight, zoom.clientHeight);
  }
  layer.style.transform = scale === 1 ? "" : `translate(${view.x}px, ${view.y}px) scale(${scale})`;
  zoom.toggleAttribute("data-zoomed", scale > 1);
  const percent = document.querySelector("[data-zoom-percent]");
  if (percent) percent.textContent = `${Math.round((100 * scale) / full())} %`;
  if (scale * layer.offsetWidth * devicePixelRatio > Number(zoom.dataset.previewWidth) * 1.05) larger();
  zoom.dispatchEvent(new CustomEvent("zoomed", { bubbles: true }));
}

function larger() {
  const { zoom, image } = view;
  const original = zoom.dataset.original;
  if (!original || Number(zoom.dataset.width) <= Number(zoom.dataset.previewWidth)) return;
  delete zoom.dataset.original;
  const loaded = new Image();
  loaded.src = original;
  loaded.decode().then(() => {
    image.src = original;
    zoom.dataset.shows = "original";
  }, () => {}); // then the preview stays
}

function onDown(event) {
  if (event.pointerType === "mouse" && event.button !== 0) return;
  view.pointers.set(event.pointerId, event);
  const drawing = "drawing" in view.zoom.dataset && view.pointers.size < 2 && !event.altKey;
  if (drawing || (view.scale === 1 && view.pointers.size < 2)) return;
  event.preventDefault();
  view.zoom.focus({ preventScroll: true });
  view.zoom.setPointerCapture(event.pointerId);
  view.zoom.dataset.panning = "";
}

function onMove(event) {
  const was = view.pointers.get(event.pointerId);
  if (!was) return;
  const others = [...view.pointers.values()].filter((each) => each.pointerId !== event.pointerId);
  view.pointers.set(event.pointerId, event);
  if (!("panning" in view.zoom.dataset)) return;
  view.x += (event.clientX - was.clientX) / (others.length + 1);
  view.y += (event.clientY - was.clientY) / (others.length + 1);
  const [other] = others;
  if (!other) return show();
  const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
  to(view.scale * (apart(event) / apart(was)), { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
}

function onUp(event) {
  view.pointers.delete(event.pointerId);
  if (!view.pointers.size) delete view.zoom.dataset.panning;
}

// Beside the panel the wheel zooms. Where the picture stands above it, the page scrolls, unless Ctrl is held or it is large.
function onWheel(event) {
  const beside = getComputedStyle(view.zoom.parentElement).position === "sticky";
  const closer = event.deltaY < 0;
  if (!event.ctrlKey && view.scale === 1 && !(beside && closer)) return;
  event.preventDefault();
  to(view.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), event);
}

document.addEventListener("keydown", (event) => {
  if (!view || !document.contains(view.zoom)) return;
  const step = { "+": STEP, "=": STEP, "-": 1 / STEP };
  const key = Object.keys(step).find((each) => isBareKey(event, each));
  if (key) to(view.scale * step[key]);
  else if (isBareKey(event, "0")) to(1);
  else if (isBareKey(event, "1")) to(full());
  else if (event.target === view.zoom && view.scale > 1) {
    const [x, y] = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (!x && !y) return;
    view.x += 64 * x;
    view.y += 64 * y;
    show();
  } else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom-by], [data-zoom-to]");
  if (!button || !view) return;
  if (button.dataset.zoomBy) to(view.scale * STEP ** Number(button.dataset.zoomBy));
  else to(button.dataset.zoomTo === "fit" ? 1 : full());
});

function find() {
  const zoom = document.querySelector("[data-zoom]");
  if (zoom && zoom !== view?.zoom) start(zoom);
}

find();
document.addEventListener("htmx:afterSettle", find);
addEventListener("resize", () => { if (view && document.contains(view.zoom)) show(); });
