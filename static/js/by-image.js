// Search by Image: by address, by file, by drop, by paste. The answer is a redirect to the results, or one sentence.
import { MAX_BYTES, megabytes, onDrop, send } from "./lib.js";

const root = document.getElementById("by-image");

function bind(root) {
  const dialog = root.matches("dialog") ? root : null;
  const find = (name) => root.querySelector(`[data-${name}]`);
  const [byUrl, byFile, chosen, status] = ["by-url", "by-file", "chosen", "by-image-status"].map(find);
  const input = byFile.querySelector("[type=file]");
  const drop = find("drop");
  let file = null;
  let running = null;

  function problem(text) {
    const box = find("problem");
    box.replaceChildren();
    if (!text) return;
    const line = document.createElement("p");
    line.className = "error-text";
    line.textContent = text;
    box.append(line);
  }

  function progress(text, share) {
    const bar = find("progress").querySelector("progress");
    find("progress").hidden = !text;
    find("progress").querySelector("p").textContent = text ?? "";
    if (share === undefined || share >= 1) bar.removeAttribute("value");
    else bar.value = share;
  }

  function choose(given) {
    problem(given.size > MAX_BYTES ? status.dataset.tooBig : given.type && !given.type.startsWith("image/") ? status.dataset.notImage : "");
    if (given.size > MAX_BYTES || (given.type && !given.type.startsWith("image/"))) return reset({ keepProblem: true });
    file = given;
    const image = find("chosen-image");
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(given);
    find("chosen-name").textContent = `${given.name || status.dataset.pasted} · ${megabytes(given.size)}`;
    chosen.hidden = false;
    drop.hidden = true;
    find("chosen-search").focus();
  }

  function reset({ keepProblem = false } = {}) {
    running?.abort();
    running = file = null;
    input.value = "";
    chosen.hidden = true;
    drop.hidden = false;
    progress(null);
    if (!keepProblem) problem("");
  }

  async function search(form, data, start) {
    running?.abort();
    const mine = running = new AbortController();
    problem("");
    progress(start);
    try {
      const answer = await send(form.action, data, {
        signal: mine.signal,
        onProgress: (share) => progress(share < 1 && file ? start : file ? status.dataset.looking : start, file ? share : undefined),
      });
      if (running !== mine) return;
      if (answer.redirect) return location.assign(answer.redirect);
      const words = new DOMParser().parseFromString(answer.text, "text/html").querySelector(".error-text, [data-problem]");
      problem(words?.textContent.trim() || (answer.status === 413 ? status.dataset.tooBig : status.dataset.lost));
    } catch (error) {
      if (error.name === "AbortError" || running !== mine) return;
      problem(status.dataset.lost);
    }
    running = null;
    progress(null);
  }

  byUrl.addEventListener("submit", (event) => {
    event.preventDefault();
    file = null;
    search(byUrl, new FormData(byUrl), status.dataset.fetching);
  });
  byFile.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!file) return;
    const data = new FormData(byFile);
    data.set("file", file, file.name || "pasted.png");
    search(byFile, data, status.dataset.sending);
  });
  input.addEventListener("change", () => input.files[0] && choose(input.files[0]));
  find("chosen-other").addEventListener("click", () => { reset(); input.click(); });
  onDrop(dialog ?? drop, (files) => choose(files[0]));
  input.required = false;

  document.addEventListener("paste", (event) => {
    const pasted = [...event.clipboardData.files].find((item) => item.type.startsWith("image/"));
    if (!pasted || (dialog && !dialog.open)) return;
    event.preventDefault();
    choose(pasted);
  });

  if (dialog) {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-open-by-image]");
      if (!link || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      dialog.showModal();
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { byUrl.reset(); reset(); });
    document.addEventListener("dam:search-by-image", (event) => { dialog.showModal(); choose(event.detail); });
    addEventListener("pageshow", (event) => { if (event.persisted) dialog.close(); });
  } else {
    document.addEventListener("dam:search-by-image", (event) => choose(event.detail));
  }
}

if (root) bind(root);
