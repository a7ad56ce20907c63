// A box on the picture that is searched with: drawn, moved and sized by mouse, finger or keys. The number fields are the
// box, in percent; empty ones mean the whole picture.
import { fill } from "./lib.js";

const SIDES = ["x", "y", "width", "height"];
const LEAST = 2;
let held = null;

const within = (value, least, most) => Math.min(Math.max(value, least), most);
const fieldOf = (root, side) => root.querySelector(`[data-crop-side=${side}]`);
const isWhole = (box) => box.width >= 100 && box.height >= 100;

function boxOf(root) {
  const [x, y, width, height] = SIDES.map((side) => parseFloat(fieldOf(root, side).value));
  if ([x, y, width, height].some(Number.isNaN)) return { x: 0, y: 0, width: 100, height: 100 };
  const left = within(x, 0, 100 - LEAST);
  const top = within(y, 0, 100 - LEAST);
  return { x: left, y: top, width: within(width, LEAST, 100 - left), height: within(height, LEAST, 100 - top) };
}

function draw(root) {
  const box = boxOf(root);
  const [left, top, width, height] = SIDES.map((side) => `${box[side]}%`);
  Object.assign(root.querySelector("[data-crop-box]").style, { left, top, width, height });
  root.toggleAttribute("data-crop-all", isWhole(box));
}

function set(root, box) {
  for (const side of SIDES) fieldOf(root, side).value = isWhole(box) ? "" : Math.round(10 * box[side]) / 10;
  draw(root);
}

function say(root) {
  const said = root.querySelector("[data-crop-said]");
  const box = boxOf(root);
  const round = Object.fromEntries(SIDES.map((side) => [side, Math.round(box[side])]));
  said.textContent = isWhole(box) ? said.dataset.whole : fill(said.dataset.part, round);
}

export const whole = (root) => set(root, { x: 0, y: 0, width: 100, height: 100 });

function spot(event, stage) {
  const frame = stage.getBoundingClientRect();
  return { x: within(100 * (event.clientX - frame.left) / frame.width, 0, 100), y: within(100 * (event.clientY - frame.top) / frame.height, 0, 100) };
}

const between = (one, other) => ({ x: Math.min(one.x, other.x), y: Math.min(one.y, other.y), width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y) });

// The corner that stays where it is while the other one is dragged.
const opposite = (box, corner) => ({ x: corner.endsWith("w") ? box.x + box.width : box.x, y: corner.startsWith("n") ? box.y + box.height : box.y });

function take(event) {
  const stage = event.target.closest?.("[data-crop-stage]");
  if (!stage || event.button !== 0 || !event.isPrimary) return; // a second finger draws nothing
  event.preventDefault();
  const root = stage.closest("[data-crop]");
  const [box, start, corner] = [boxOf(root), spot(event, stage), event.target.dataset.cropHandle];
  const moves = !corner && event.target.matches("[data-crop-box]") && !isWhole(box);
  held = { pointer: event.pointerId, root, stage, box, start, moves, fixed: corner ? opposite(box, corner) : start };
  stage.setPointerCapture(event.pointerId);
  root.querySelector("[data-crop-box]").focus({ focusVisible: false, preventScroll: true });
}

function drag(event) {
  if (event.pointerId !== held?.pointer) return;
  const { root, stage, box, start, moves, fixed } = held;
  const here = spot(event, stage);
  if (moves) return set(root, { ...box, x: within(box.x + here.x - start.x, 0, 100 - box.width), y: within(box.y + here.y - start.y, 0, 100 - box.height) });
  const drawn = between(fixed, here);
  set(root, drawn.width < LEAST || drawn.height < LEAST ? box : drawn);
}

function release(event) {
  if (event.pointerId !== held?.pointer) return;
  say(held.root);
  held = null;
}

function byKey(event) {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!by || !event.target.matches?.("[data-crop-box]") || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const root = event.target.closest("[data-crop]");
  const box = boxOf(root);
  if (event.shiftKey) {
    box.width = within(box.width + by[0], LEAST, 100 - box.x);
    box.height = within(box.height + by[1], LEAST, 100 - box.y);
  } else {
    box.x = within(box.x + by[0], 0, 100 - box.width);
    box.y = within(box.y + by[1], 0, 100 - box.height);
  }
  set(root, box);
  say(root);
}

const drawAll = () => document.querySelectorAll("[data-crop]").forEach(draw);

document.addEventListener("pointerdown", take);
document.addEventListener("pointermove", drag);
for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, release);
document.addEventListener("keydown", byKey);
document.addEventListener("input", (event) => { if (event.target.matches("[data-crop-side]")) draw(event.target.closest("[data-crop]")); });
document.addEventListener("htmx:load", drawAll);
drawAll();
