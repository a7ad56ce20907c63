// Copies what a field holds, and says so.
import { announce } from "./lib.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch { // without HTTPS there is no clipboard but this one
    document.execCommand("copy");
  }
  button.querySelector("span").textContent = button.dataset.copied;
  announce(button.dataset.copied);
});
