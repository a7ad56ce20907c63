// Many files, three at a time, each with its own progress and its own outcome, which the server draws.
import { announce, fill, fragment, MAX_BYTES, megabytes, onDrop, send } from "./lib.js";

const IN_FLIGHT = 3;
const PREVIEWS = 60;
const root = document.querySelector("[data-upload]");
const model = document.getElementById("upload-row");

function bind(root) {
  const page = root.dataset.upload === "page";
  const words = model.dataset;
  const rows = root.querySelector("[data-rows]");
  const summary = root.querySelector("[data-summary-text]");
  const waiting = [];
  const count = { total: 0, done: 0, stored: 0, running: 0 };

  function row(file) {
    const made = document.importNode(model.content.firstElementChild, true);
    made.querySelector(".upload-name").textContent = file.name;
    made.querySelector(".upload-side").textContent = words.waiting;
    if (count.total < PREVIEWS && /^image\/(jpeg|png|webp|gif|avif)$/.test(file.type)) {
      const image = new Image();
      image.alt = "";
      image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(file);
      made.querySelector(".upload-thumb").replaceChildren(image);
    }
    return made;
  }

  function add(files) {
    for (const file of files) {
      const job = { file, row: row(file), keep: false };
      count.total += 1;
      rows.append(job.row);
      if (file.size > MAX_BYTES) fail(job, words.tooBig);
      else waiting.push(job);
    }
    root.hidden = false;
    work();
  }

  function work() {
    while (count.running < IN_FLIGHT && waiting.length) start(waiting.shift());
    tell();
  }

  async function start(job) {
    count.running += 1;
    const side = job.row.querySelector(".upload-side");
    const bar = job.row.querySelector("progress");
    try {
      const answer = await send(page ? root.action : root.dataset.action, body(job), {
        onProgress: (share) => {
          bar.value = 100 * share;
          const percent = Math.round(100 * share);
          side.textContent = share < 1 ? fill(words.sending, { percent, size: megabytes(job.file.size) }) : words.storing;
          if (share >= 1) bar.removeAttribute("value");
        },
      });
      finish(job, answer);
    } catch {
      fail(job, words.lost, true);
    }
    count.running -= 1;
    work();
  }

  function body(job) {
    const data = page ? new FormData(root) : new FormData();
    if (!page && root.dataset.folder) data.set("folder", root.dataset.folder);
    data.set("files", job.file, job.file.name);
    data.delete("keep_duplicate");
    if (job.keep) data.set("keep_duplicate", "on");
    return data;
  }

  function finish(job, answer) {
    const drawn = fragment(answer.text);
    const made = drawn.querySelector(".upload-row");
    if (!made) return fail(job, drawn.querySelector(".error-text, [data-problem]")?.textContent.trim() || (answer.status === 413 ? words.tooBig : words.refused), answer.status >= 500);
    const thumb = job.row.querySelector(".upload-thumb");
    made.querySelector(".upload-thumb").replaceWith(thumb);
    if (!made.querySelector(".upload-name").textContent) made.querySelector(".upload-name").textContent = job.file.name;
    job.row.replaceWith(made);
    job.row = made;
    count.done += 1;
    if (made.dataset.outcome === "stored") stored(made);
    made.querySelector("[data-keep-both]")?.addEventListener("click", () => again(job, { keep: true }));
  }

  function stored(made) {
    count.stored += 1;
    const grid = document.getElementById("grid");
    const card = made.querySelector("[data-card]")?.content.firstElementChild;
    if (!grid || !card) return;
    grid.prepend(card);
    htmx.process(card);
  }

  function fail(job, sentence, retry = false) {
    job.row.dataset.outcome = "failed";
    job.row.querySelector(".upload-side").textContent = "";
    job.row.querySelector("progress").hidden = true;
    const said = job.row.querySelector(".error-text");
    said.textContent = sentence;
    said.hidden = false;
    job.row.querySelector(".upload-actions").hidden = !retry;
    job.row.querySelector("[data-again]").addEventListener("click", () => again(job));
    count.done += 1;
    tell();
  }

  function again(job, { keep = job.keep } = {}) {
    const fresh = row(job.file);
    job.row.replaceWith(fresh);
    job.row = fresh;
    job.keep = keep;
    count.done -= 1;
    waiting.push(job);
    work();
  }

  function tell() {
    const busy = count.done < count.total;
    const sentence = fill(busy ? words.going : words.finished, { ...count, done: Math.min(count.total, count.done + 1) });
    root.querySelector("[data-summary]")?.removeAttribute("hidden");
    if (summary.textContent !== sentence) summary.textContent = sentence;
    if (!busy) announce(sentence);
    if (!busy && count.stored && !page && !document.getElementById("grid") && location.pathname.match(/^\/l\/[^/]+\/$/)) location.reload();
  }

  document.addEventListener("dam:upload", (event) => add(event.detail));
  addEventListener("beforeunload", (event) => { if (count.done < count.total) event.preventDefault(); });
  root.querySelector("[data-close-tray]")?.addEventListener("click", () => { root.hidden = true; });

  if (page) {
    const input = root.querySelector("[type=file]");
    input.required = false;
    input.addEventListener("change", () => { add([...input.files]); input.value = ""; });
    onDrop(root.querySelector("[data-drop]"), add);
    root.addEventListener("submit", (event) => event.preventDefault());
  }
}

if (root && model) bind(root);
