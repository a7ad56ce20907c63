// What several behaviours share.

export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function megabytes(bytes) {
  const number = bytes / 1024 / 1024;
  if (number < 0.1) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} MB`;
}

export const MAX_BYTES = 40 * 1024 * 1024;

export function shortcutsOn() {
  return localStorage.getItem("shortcuts") !== "off";
}

// A bare key, pressed where it cannot be meant as text.
export function isBareKey(event, key) {
  if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  return shortcutsOn() && !event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog, [role=menu]");
}

// Of now: signing in again, in another tab, makes a new one.
export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
}

// What a script does with assets, answered as to a form of htmx. From an element of its own: a card may be replaced
// meanwhile, and its answer would be nobody's; and of three requests of one element htmx drops the second.
export async function post(url, values) {
  const from = document.body.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
  await htmx.ajax("POST", url, { source: from, target: from, swap: "none", values }).catch(() => {}); // errors.js tells it
  setTimeout(() => from.remove(), 1000); // what the answer triggers has been told then
}

// What somebody asked for by `event`, put into `target`. Never rejects: errors.js tells what fails.
export function load(url, event, target, swap) {
  return htmx.ajax("GET", url, { target, swap, event }).catch(() => {});
}

// Send a form's data or a piece of a file; resolves with {status, text, redirect, url, header}, rejects when the connection
// is lost or aborted. `onProgress(share, bytes)` of the body.
export function send(url, data, { method = "POST", headers = {}, onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("HX-Request", "true");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total, event.loaded);
    });
    request.addEventListener("load", () => resolve({
      status: request.status,
      text: request.responseText,
      redirect: request.getResponseHeader("HX-Redirect"),
      url: request.responseURL,
      header: (name) => request.getResponseHeader(name),
    }));
    request.addEventListener("error", () => reject(new Error("lost")));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    if (signal?.aborted) return reject(new DOMException("", "AbortError"));
    request.send(data);
  });
}

// The nodes of a server's fragment, owned by the page: what moves into a template's own document loads its images anew.
export function fragment(text) {
  const template = document.createElement("template");
  template.innerHTML = text;
  return document.importNode(template.content, true);
}

// Files dropped on an element, with the element marked while they hover over it.
export function onDrop(element, handle) {
  for (const type of ["dragenter", "dragover"]) {
    element.addEventListener(type, (event) => {
      event.preventDefault();
      event.stopPropagation();
      element.dataset.over = "";
    });
  }
  element.addEventListener("dragleave", (event) => {
    if (!element.contains(event.relatedTarget)) delete element.dataset.over;
  });
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    delete element.dataset.over;
    if (event.dataTransfer.files.length) handle([...event.dataTransfer.files], event.dataTransfer);
  });
}
