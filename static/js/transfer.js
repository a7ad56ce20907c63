// Sends one file so that it arrives once, whatever breaks in between: small ones in one request that can be repeated under
// its key, larger ones in parts (tus 1.0), each of which is asked for by the place where the server stands.
import { send } from "./lib.js";

const PART = 4 * 1024 * 1024;
const SAMPLE = 65536;
const LONGEST_WAIT = 30_000;
const LATER = [429, 502, 503, 504];

export class Refused extends Error {}
export class SignedOut extends Error {}

// --- one wait for everything that is on its way ------------------------------------------------------------------------

let failures = 0;
let waiting = null;
let wake = null;

export const tryNow = () => wake?.();
addEventListener("online", tryNow);

const say = (detail) => document.dispatchEvent(new CustomEvent("dam:connection", { detail }));

function untilItMayBeBack() {
  waiting ??= new Promise((resolve) => {
    const delay = Math.min(LONGEST_WAIT, 500 * 2 ** failures++) * (0.75 + Math.random() / 2);
    const timer = setTimeout(() => wake(), delay);
    wake = () => {
      clearTimeout(timer);
      waiting = wake = null;
      resolve();
    };
    if (failures > 1) say({ lost: true, at: Date.now() + delay });
  });
  return waiting;
}

function isBack() {
  if (failures > 1) say({ lost: false });
  failures = 0;
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

const orAborted = (promise, signal) => Promise.race([
  promise,
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")))),
]);

// The answer; null, after a while, where there was none and the same has to be asked again.
async function ask(url, data, options) {
  const { file, signal } = options;
  let answer;
  try {
    answer = await send(url, data, options);
  } catch (error) {
    if (signal.aborted) throw error;
    if (!(await isReadable(file))) throw new Refused("unreadable");
    await orAborted(untilItMayBeBack(), signal);
    return null;
  }
  if (LATER.includes(answer.status) && !answer.text.includes('"too_many_uploads"')) {
    const seconds = Number(answer.header("Retry-After"));
    await orAborted(seconds ? pause(seconds) : untilItMayBeBack(), signal);
    return null;
  }
  isBack();
  if (answer.status === 401 || /\/accounts\/login\//.test(answer.url)) throw new SignedOut();
  if (answer.status === 409 && answer.header("Retry-After")) {
    await orAborted(pause(Number(answer.header("Retry-After"))), signal);
    return null;
  }
  return answer;
}

const isReadable = (file) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);

// --- a file --------------------------------------------------------------------------------------------------------------

// `job`: file, fields (of the form, as texts), keep; `places`: action, uploads. Resolves with the answer that draws its row.
export async function transfer(job, places, options) {
  const way = job.file.size > PART ? inParts : atOnce;
  try {
    return await way(job, places, { ...options, file: job.file });
  } catch (error) {
    throw error instanceof DOMException && !options.signal.aborted ? new Refused("unreadable") : error;
  }
}

async function atOnce(job, { action }, options) {
  job.key ??= random();
  const data = new FormData();
  for (const [name, value] of Object.entries(job.fields)) data.set(name, value);
  if (job.keep) data.set("keep_duplicate", "on");
  data.set("files", job.file, job.file.name);
  const onProgress = (share) => options.onProgress(share * job.file.size);
  for (;;) {
    const answer = await ask(action, data, { ...options, onProgress, headers: { "Idempotency-Key": job.key } });
    if (answer) return answer;
  }
}

async function inParts(job, { action, uploads }, options) {
  job.key ??= await fingerprint(job);
  const headers = { "Tus-Resumable": "1.0.0" };
  let sent = Boolean(job.place);
  let offset = null;
  const begin = { ...headers, "Upload-Length": job.file.size, "Upload-Metadata": metadata(job) };
  const anew = () => { job.place = null; job.key = random(); };
  for (;;) {
    if (!job.place) {
      const made = await ask(uploads, null, { ...options, onProgress: null, headers: { ...begin, "Idempotency-Key": job.key } });
      if (made?.text.includes('"idempotency_key_reused"')) anew();
      else if (made && made.status !== 201) return made;
      else if (made) job.place = new URL(made.header("Location")).pathname;
      continue;
    }
    if (offset === null) {
      const told = await ask(job.place, null, { ...options, onProgress: null, method: "GET" });
      if (!told) continue;
      const known = told.status === 200 && JSON.parse(told.text);
      if (!known) anew();
      else if (known.state === "open" && known.offset < known.length) {
        offset = known.offset;
        if (offset && !sent) options.onResumed?.(offset / known.length);
      } else if (!sent) anew(); // of another time: what became of that, this file is told by its content
      else break;
      continue;
    }
    const part = job.file.slice(offset, offset + PART);
    const at = offset;
    sent = true;
    const answer = await ask(job.place, part, {
      ...options,
      method: "PATCH",
      headers: { ...headers, "Upload-Offset": at, "Content-Type": "application/offset+octet-stream" },
      onProgress: (_share, bytes) => options.onProgress(at + bytes),
    });
    offset = answer?.status === 204 ? Number(answer.header("Upload-Offset")) : null;
    if (offset === job.file.size || (answer && ![204, 404, 409, 410].includes(answer.status))) break;
  }
  const row = `${action}${job.place.split("/").at(-2)}/`;
  for (;;) {
    const answer = await ask(row, null, { ...options, onProgress: null, method: "GET" });
    if (answer) return answer;
  }
}

// What is begun and given up.
export function giveUp(job) {
  if (job.place) send(job.place, null, { method: "DELETE" }).catch(() => {}); // else the server forgets it in a day
}

const metadata = ({ file, fields, keep }) => {
  const said = { filename: file.name, ...fields, on_duplicate: keep ? "keep" : "reject" };
  return Object.entries(said).filter(([, value]) => value).map(([name, value]) => `${name} ${base64(value)}`).join(",");
};

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const random = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

// The same for the same file chosen again after a reload, so that it goes on where it stood.
async function fingerprint(job) {
  const { file } = job;
  const ends = await new Blob([file.slice(0, SAMPLE), file.slice(-SAMPLE), metadata(job)]).arrayBuffer();
  return ["file", file.size, file.lastModified, hash(new Uint8Array(ends), 1), hash(new Uint8Array(ends), 2)].join("-");
}

// FNV-1a, 32 bits.
function hash(bytes, seed) {
  let value = 0x811c9dc5 ^ seed;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0).toString(36);
}
