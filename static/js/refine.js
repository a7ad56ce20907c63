// Cards dragged onto the query become further examples of it. The menu of a card offers the same, and to search for less
// like it.
const KIND = "application/x-library-assets"; // as static/js/dragging.js names what it carries
const MOST = 20;
const query = document.querySelector("[data-add-to]");
const areas = () => document.querySelectorAll("[data-query-area]");

const areaOf = (event) => event.dataTransfer?.types.includes(KIND) && event.target.closest?.("[data-query-area]");

function mark(area) {
  for (const other of areas()) other.toggleAttribute("data-over", other === area);
}

function end() {
  for (const area of areas()) area.removeAttribute("data-wanted");
  mark(null);
}

// What cannot be moved to folders can still be searched with.
function lift(event) {
  const card = event.target.closest?.("#grid > .card[data-asset]");
  if (card && event.pointerType === "mouse" && event.button === 0 && !event.target.closest(".card-tools, .stack")) card.draggable = true;
}

function begin(event) {
  const card = event.target.closest?.("#grid > .card[data-asset]");
  if (!card) return;
  if (!event.dataTransfer.types.includes(KIND)) {
    event.dataTransfer.setData(KIND, card.dataset.asset);
    event.dataTransfer.effectAllowed = "copyMove";
  }
  for (const area of areas()) area.setAttribute("data-wanted", "");
}

function add(ids) {
  const url = new URL(query.dataset.addTo, location.href);
  const known = url.searchParams.getAll("like");
  for (const id of ids) if (!known.includes(id)) url.searchParams.append("like", id);
  const count = ["like", "unlike", "anchor", "not_text"].reduce((sum, name) => sum + url.searchParams.getAll(name).length, 0);
  if (count <= MOST) return location.assign(url);
  const toast = Object.assign(document.createElement("div"), { className: "toast" });
  toast.dataset.toast = "";
  toast.append(Object.assign(document.createElement("p"), { textContent: query.dataset.tooMany }));
  document.getElementById("toasts").append(toast);
}

if (query) {
  document.addEventListener("pointerdown", lift);
  document.addEventListener("dragstart", begin);
  document.addEventListener("dragend", end);
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      const area = areaOf(event);
      mark(area);
      if (!area) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    });
  }
  document.addEventListener("drop", (event) => {
    if (!areaOf(event)) return;
    event.preventDefault();
    end();
    add(event.dataTransfer.getData(KIND).split(/[ ,]+/).filter(Boolean));
  });
}
