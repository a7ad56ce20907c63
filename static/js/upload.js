// Many files, three at a time, each with its own progress and its own outcome, which the server draws.
import { announce, fill, fragment, MAX_BYTES, megabytes, onDrop } from "./lib.js";
import { chosen, filesOf } from "./folders.js";
import { Pace } from "./pace.js";
import { Rows } from "./upload-rows.js";
import { giveUp, Refused, SignedOut, transfer, tryNow } from "./transfer.js";

const IN_FLIGHT = 3;
const CARDS = 100; // added to the grid behind
const root = document.querySelector("[data-upload]");
const model = document.getElementById("upload-row");

// What REST says of a failure.
function detail({ text }) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return "";
  }
}

function bind(root) {
  const page = root.dataset.upload === "page";
  const words = model.dataset;
  const part = (name) => root.querySelector(`[data-${name}]`);
  const rows = new Rows(part("rows"), model);
  const places = { action: page ? root.action : root.dataset.action, uploads: root.dataset.uploads };
  const jobs = new Set(); // what is not over: waiting, running, failed for now, a duplicate to decide about
  const undecided = new Set();
  const failed = new Set(); // that may be tried again
  const queue = [];
  const running = new Set();
  const pace = new Pace();
  const count = { total: 0, done: 0, stored: 0, failed: 0 };
  let paused = false;
  let lost = null;
  let decided = null; // what happens to all duplicates: skip or keep
  let told = 0;

  const progress = (job, bytes) => {
    pace.add(bytes - job.sent);
    job.sent = bytes;
    if (!job.row?.isConnected) return;
    const share = bytes / job.file.size;
    const bar = job.row.querySelector("progress");
    const text = share < 1 ? fill(words.sending, { percent: Math.floor(100 * share), size: megabytes(job.file.size) }) : words.storing;
    job.row.querySelector("[data-side]").textContent = text;
    if (share < 1) bar.value = 100 * share;
    else bar.removeAttribute("value");
  };

  // --- what happens to a file ---------------------------------------------------------------------------------------------

  function add(found) {
    const form = page ? new FormData(root) : null;
    const field = (name) => form?.get(name) ?? "";
    const folderOf = (folder) => [field("new_folder"), folder].filter(Boolean).join("/");
    for (const { file, folder } of found) {
      const fields = { folder: page ? field("folder") : root.dataset.folder, new_folder: folderOf(folder), tags: field("tags") };
      const job = { file, folder, fields, keep: false, sent: 0, number: count.total++ };
      jobs.add(job);
      pace.expect(file.size);
      if (rows.hasRoom) rows.show(job);
      if (file.size > MAX_BYTES) fail(job, words.tooBig);
      else queue.push(job);
    }
    root.hidden = false;
    if (found.length) announce(fill(words.begun, { total: found.length }));
    work();
  }

  function work() {
    while (!paused && running.size < IN_FLIGHT && queue.length) start(queue.shift());
    tell();
  }

  async function start(job) {
    running.add(job);
    job.abort = new AbortController();
    if (!job.row?.isConnected) rows.show(job, job.row);
    const options = {
      signal: job.abort.signal,
      onProgress: (bytes) => progress(job, bytes),
      onResumed: (share) => { job.row.querySelector("[data-side]").textContent = fill(words.resumed, { percent: Math.floor(100 * share) }); },
    };
    try {
      settle(job, await transfer(job, places, options));
    } catch (error) {
      if (error instanceof SignedOut) stop(job, words.signedOut);
      else if (error instanceof Refused) fail(job, words.unreadable);
      else if (!job.abort.signal.aborted) fail(job, words.refused, true);
      else if (jobs.has(job)) again(job, { first: true }); // paused
    }
    running.delete(job);
    work();
  }

  function settle(job, answer) {
    const drawn = fragment(answer.text);
    const made = drawn.querySelector(".upload-row");
    if (!made) {
      const sentence = drawn.querySelector(".error-text, [data-problem]")?.textContent.trim() || detail(answer);
      return fail(job, sentence || (answer.status === 413 ? words.tooBig : words.refused), answer.status >= 429);
    }
    made.querySelector(".upload-thumb").replaceWith(job.row.querySelector(".upload-thumb"));
    made.querySelector(".upload-name").textContent = job.row.querySelector(".upload-name").textContent;
    job.outcome = made.dataset.outcome;
    pace.add(job.file.size - job.sent, 1);
    rows.show(job, made);
    count.done += 1;
    count.failed += job.outcome === "failed";
    if (job.outcome === "stored") stored(made);
    if (job.outcome !== "duplicate") jobs.delete(job);
    else if (decided) decisions[decided](job);
    else undecided.add(job);
  }

  function stored(made) {
    count.stored += 1;
    if (!made.querySelector("[data-asks]")) rows.sink(made);
    const grid = document.querySelector("#grid[data-takes-uploads]");
    const card = made.querySelector("[data-card]")?.content.firstElementChild;
    if (!grid || !card || count.stored > CARDS) return;
    grid.prepend(card);
    htmx.process(card);
  }

  function fail(job, sentence, retry = false) {
    const made = job.row ?? rows.draw(job);
    job.outcome = made.dataset.outcome = "failed";
    pace.skip(job.file.size - job.sent);
    made.querySelector("[data-side]").textContent = "";
    made.querySelector("progress").hidden = made.querySelector("[data-cancel]").hidden = true;
    const said = made.querySelector(".error-text");
    said.textContent = sentence;
    said.hidden = false;
    made.querySelector(".upload-actions").hidden = !retry;
    rows.show(job, made);
    if (retry) failed.add(job);
    else jobs.delete(job);
    count.done += 1;
    count.failed += 1;
    announce(`${job.file.name}: ${sentence}`);
  }

  function again(job, { keep = job.keep, first = false } = {}) {
    if (job.outcome) { // another attempt, not the same one once more
      count.done -= 1;
      count.failed -= job.outcome === "failed";
      pace.expect(job.file.size, 1);
      Object.assign(job, { outcome: null, key: null, place: null, keep });
      undecided.delete(job);
      failed.delete(job);
    } else pace.add(-job.sent);
    job.sent = 0;
    if (job.row) rows.show(job);
    queue[first ? "unshift" : "push"](job);
  }

  function cancel(job) {
    jobs.delete(job);
    if (queue.includes(job)) queue.splice(queue.indexOf(job), 1);
    job.abort?.abort();
    giveUp(job);
    count.total -= 1;
    pace.forget(job.file.size, job.sent);
    job.row?.remove();
  }

  // What becomes of a duplicate.
  const decisions = {
    keep: (job) => again(job, { keep: true }),
    skip: (job) => {
      jobs.delete(job);
      undecided.delete(job);
      job.row.dataset.outcome = "skipped";
      job.row.querySelector(".upload-state").textContent = words.skipped;
    },
  };

  function decideAll(what) {
    decided = what;
    for (const job of [...undecided]) decisions[what](job);
  }

  function stop(job, sentence) {
    if (!job.outcome) again(job, { first: true });
    lost = { sentence };
    pause();
  }

  function pause() {
    paused = true;
    for (const job of running) job.abort.abort();
    tell();
  }

  // --- what is said of all of them ----------------------------------------------------------------------------------------

  function tell() {
    const busy = running.size + queue.length > 0;
    const doubles = undecided.size;
    const values = { ...count, done: Math.min(count.total, count.done + 1) };
    const sentence = fill(busy ? (paused ? words.paused : words.going) : words.finished, values);
    part("summary")?.removeAttribute("hidden");
    put("summary-text", sentence);
    put("pace", lost?.sentence ?? (!busy && count.failed ? fill(words.failures, { count: count.failed }) : busy && !paused ? pace.sentence(words) : ""));
    part("overall").hidden = !busy;
    part("overall").value = pace.share;
    for (const [name, shown] of Object.entries({
      pause: busy && !paused, resume: paused && busy, "cancel-all": busy, "try-now": lost?.at, "retry-all": !busy && failed.size > 1,
      duplicates: doubles > 1 || decided, "decide-all": doubles && !decided, "ask-again": decided,
    })) part(name).hidden = !shown;
    put("duplicates-text", decided ? words[`${decided}All`] : fill(words.duplicates, { count: doubles }));
    const hidden = jobs.size - rows.shown(jobs);
    part("more").hidden = hidden < 1;
    put("more", fill(words.more, { count: hidden }));
    milestones(busy, sentence);
  }

  function put(name, text) {
    if (part(name).textContent !== text) part(name).textContent = text;
  }

  function milestones(busy, sentence) {
    const quarter = busy ? Math.floor(4 * pace.share) : 4;
    if (quarter > told && count.total > 3 || (!busy && told < 4)) announce(sentence);
    told = quarter;
    if (!busy && count.stored && !page && !document.getElementById("grid") && location.pathname.match(/^\/l\/[^/]+\/$/)) location.reload();
  }

  const deeds = {
    pause,
    resume: () => { paused = false; lost = null; },
    "cancel-all": () => { for (const job of [...queue.splice(0), ...running]) cancel(job); },
    "retry-all": () => { for (const job of [...failed]) again(job); },
    "try-now": tryNow,
    "skip-all": () => decideAll("skip"),
    "keep-all": () => decideAll("keep"),
    "ask-again-now": () => { decided = null; },
    "close-tray": () => { root.hidden = true; },
    again: (job) => again(job),
    cancel,
    "keep-both": (job) => decisions.keep(job),
    skip: (job) => decisions.skip(job),
  };

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const name = button && Object.keys(deeds).find((deed) => button.hasAttribute(`data-${deed}`));
    if (!name) return;
    const row = button.closest(".upload-row");
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    deeds[name](row?.job);
    rows.fill(jobs);
    work();
    if (!button.isConnected || button.hidden || button.closest("[hidden]")) (next?.querySelector("button, a") ?? part("summary-text")).focus();
  });

  document.addEventListener("dam:connection", ({ detail }) => {
    lost = detail.lost ? { at: detail.at, sentence: fill(words.lost, { seconds: Math.round((detail.at - Date.now()) / 1000) }) } : null;
    announce(lost?.sentence ?? words.back);
    tell();
  });
  document.addEventListener("dam:upload", (event) => add(event.detail));
  addEventListener("beforeunload", (event) => { if (running.size + queue.length) event.preventDefault(); });
  setInterval(() => { if (running.size) tell(); }, 1000);

  if (page) {
    const [input, folder] = root.querySelectorAll("[type=file]");
    input.required = false;
    for (const each of [input, folder]) each.addEventListener("change", () => { add(chosen(each.files)); each.value = ""; });
    onDrop(part("drop"), async (_files, dropped) => add(await filesOf(dropped)));
    root.addEventListener("submit", (event) => event.preventDefault());
  }
}

if (root && model) bind(root);
