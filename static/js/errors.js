// A request of htmx that fails says so in a message, instead of doing nothing.
const box = document.getElementById("toasts");

function say(text) {
  const problem = document.querySelector("dialog[open] [data-problem]"); // a message would lie behind the dialog
  if (problem) {
    const line = Object.assign(document.createElement("p"), { className: "error-text", textContent: text });
    return problem.replaceChildren(line);
  }
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(words);
  box.append(toast);
}

document.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  say(page.querySelector(".error-text")?.textContent.trim() || box.dataset.failed);
});

// Polling that fails while the server restarts is not worth a message; what somebody asked for is.
document.addEventListener("htmx:sendError", (event) => {
  const { verb, triggeringEvent } = event.detail.requestConfig;
  if (verb !== "get" || triggeringEvent?.isTrusted) say(box.dataset.lost);
});
