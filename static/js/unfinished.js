// Cards that are not finished are asked about, together, only those near the screen, and only while somebody looks.
const AT_ONCE = 40;
const SHORTEST = 1500;
const LONGEST = 6000;
let pause = SHORTEST;

function near(card) {
  const box = card.getBoundingClientRect();
  return box.bottom > -innerHeight && box.top < 2 * innerHeight;
}

async function ask() {
  const grid = document.getElementById("grid");
  const waiting = [...document.querySelectorAll("#grid > [data-unfinished]")].filter(near).slice(0, AT_ONCE);
  if (waiting.length && !document.hidden) {
    const asked = new URLSearchParams(waiting.map((card) => ["seen", card.dataset.unfinished]));
    await htmx.ajax("GET", `${grid.dataset.cardsUrl}?${asked}`, { source: grid, target: grid, swap: "none" }).catch(() => {}); // asked again
    const changed = waiting.some((card) => !document.contains(card));
    pause = changed ? SHORTEST : Math.min(LONGEST, pause * 1.3);
  } else if (!waiting.length) {
    pause = SHORTEST;
  }
  setTimeout(ask, pause);
}

if (document.querySelector("main")) setTimeout(ask, SHORTEST);
