// Who comes back to a grid stands where they were. Browsers keep a page for a while; where one has not, the page of cards
// that was looked at is asked for again, with a way to the beginning above it.
const grid = document.getElementById("grid");
const key = `place ${location.pathname}${location.search}`;
const origin = new Map(); // of each card that was loaded behind the first page, from where
const cards = () => [...grid.querySelectorAll(":scope > .card:not([hidden])")];
const find = (id) => grid.querySelector(`:scope > .card[data-asset="${CSS.escape(id)}"]`);

function leave() {
  const card = scrollY > 0 && cards().find((each) => each.getBoundingClientRect().bottom > 0);
  if (!card) return sessionStorage.removeItem(key);
  const id = card.dataset.asset;
  sessionStorage.setItem(key, JSON.stringify({ id, top: card.getBoundingClientRect().top, url: origin.get(id) }));
}

async function come() {
  const [navigation] = performance.getEntriesByType("navigation");
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (!kept || !["back_forward", "reload"].includes(navigation?.type)) return;
  if (!find(kept.id) && kept.url) {
    // What would go on behind the first page is on its way perhaps, and belongs elsewhere now.
    const more = document.getElementById("more");
    const ways = [...more.children];
    for (const way of ways) htmx.trigger(way, "htmx:abort");
    more.replaceChildren();
    await htmx.ajax("GET", kept.url, { target: grid, swap: "innerHTML" }).catch(() => {}); // then the first page stays
    if (more.isConnected) more.append(...ways); // nothing has come that replaces it
    const beginning = document.getElementById("from-the-beginning");
    if (find(kept.id) && beginning) grid.before(beginning.content.cloneNode(true));
  }
  const card = find(kept.id);
  if (card) scrollBy({ top: card.getBoundingClientRect().top - kept.top, behavior: "instant" });
}

if (grid) {
  for (const card of cards()) origin.set(card.dataset.asset, "");
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== grid) return;
    for (const card of cards()) if (!origin.has(card.dataset.asset)) origin.set(card.dataset.asset, event.detail.pathInfo.requestPath);
  }, true); // before cards.js takes out those that stand behind what is out of the page
  addEventListener("pagehide", leave);
  addEventListener("load", () => requestAnimationFrame(come));
}
