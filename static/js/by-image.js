// Search by Image: by address, by file, by drop, by paste. The answer is a redirect to the results, or one sentence.
import { whole } from "./crop.js";
import { MAX_BYTES, megabytes, onDrop, send } from "./lib.js";

const root = document.getElementById("by-image");

function bind(root) {
  const dialog = root.matches("dialog") ? root : null;
  const find = (name) => root.querySelector(`[data-${name}]`);
  const [form, chosen, status, drop, image] = ["by-image", "chosen", "by-image-status", "drop", "crop-image"].map(find);
  const [input, address] = ["[type=file]", "[type=url]"].map((kind) => form.querySelector(kind));
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
    address.value = "";
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(given);
    delete chosen.dataset.noPicture;
    whole(chosen);
    find("chosen-name").textContent = `${given.name || status.dataset.pasted} · ${megabytes(given.size)}`;
    chosen.hidden = false;
    drop.hidden = true;
    find("chosen-search").focus();
  }

  function reset({ keepProblem = false } = {}) {
    running?.abort();
    running = file = null;
    input.value = "";
    whole(chosen);
    chosen.hidden = true;
    drop.hidden = false;
    progress(null);
    if (!keepProblem) problem("");
  }

  async function search(data, start) {
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

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Enter in any field presses the first button, which is that of the address.
    if (!file || (address.value && event.submitter?.matches("[data-by-url]"))) reset();
    const data = new FormData(form, event.submitter);
    if (file) data.set("file", file, file.name || "pasted.png");
    else data.delete("file");
    search(data, file ? status.dataset.sending : status.dataset.fetching);
  });
  input.addEventListener("change", () => input.files[0] && choose(input.files[0]));
  image.addEventListener("error", () => { if (file) chosen.dataset.noPicture = ""; }); // what only the server can read
  find("crop-whole").addEventListener("click", () => { whole(chosen); find("chosen-search").focus(); });
  find("chosen-other").addEventListener("click", () => { reset(); input.click(); });
  onDrop(dialog ?? drop, (files) => choose(files[0]));

  // In the dialog, and in Visual mode wherever nobody is writing.
  document.addEventListener("paste", (event) => {
    const open = dialog ? dialog.open : true;
    const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const elsewhere = writing || document.querySelector("dialog[open]") || document.querySelector("[data-search]")?.dataset.mode !== "visual";
    if (!open && elsewhere) return;
    const pasted = [...event.clipboardData.files].find((item) => item.type.startsWith("image/"));
    const url = event.clipboardData.getData("text/plain").trim();
    if (!pasted && (writing || !/^https?:\/\/\S+$/i.test(url))) return;
    event.preventDefault();
    if (!open) dialog.showModal();
    if (pasted) return choose(pasted);
    reset();
    address.value = url;
    find("by-url").focus();
  });

  if (dialog) {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-open-by-image]");
      if (!link || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      dialog.showModal();
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { form.reset(); reset(); });
    document.addEventListener("dam:search-by-image", (event) => { dialog.showModal(); choose(event.detail); });
    addEventListener("pageshow", (event) => { if (event.persisted) dialog.close(); });
  } else {
    document.addEventListener("dam:search-by-image", (event) => choose(event.detail));
  }
}

if (root) bind(root);
