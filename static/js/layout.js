// The size of the pictures: at once here, and in the cookie that the server draws the next page from.
const grid = document.getElementById("grid");
const form = document.querySelector("[data-layout-form]");

form?.addEventListener("submit", (event) => {
  if (event.submitter.name !== "size" || !grid) return; // a list is another page
  event.preventDefault();
  const size = event.submitter.value;
  grid.dataset.size = size;
  document.cookie = `layout=${grid.dataset.layout}.${size}; path=/; max-age=31536000; SameSite=Lax`;
  for (const button of form.querySelectorAll("[name=size]")) button.ariaPressed = String(button.value === size);
  form.querySelector("details").open = false;
  document.dispatchEvent(new CustomEvent("gridLaidOut"));
});
