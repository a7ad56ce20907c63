// The list of files: a row for each that goes on or wants a decision, as far as there is room. What is over comes last, and
// makes room.
const ROWS = 200;
const PREVIEWS = 60;
const OVER = "[data-outcome=stored], [data-outcome=skipped]";

export class Rows {
  constructor(list, model) {
    this.list = list;
    this.model = model;
  }

  get hasRoom() {
    return this.list.childElementCount < ROWS;
  }

  draw(job) {
    const made = document.importNode(this.model.content.firstElementChild, true);
    made.querySelector(".upload-name").textContent = job.folder ? `${job.folder}/${job.file.name}` : job.file.name;
    made.querySelector("[data-side]").textContent = this.model.dataset.waiting;
    if (job.number < PREVIEWS && /^image\/(jpeg|png|webp|gif|avif)$/.test(job.file.type)) {
      const thumb = made.querySelector(".upload-thumb");
      const image = new Image();
      image.alt = "";
      image.src = URL.createObjectURL(job.file);
      image
        .decode()
        .then(() => thumb.replaceChildren(image), () => {}) // what cannot be shown leaves the icon where it is
        .finally(() => URL.revokeObjectURL(image.src));
    }
    return made;
  }

  // Put the row into the place of the one that the job has, or at the end of those that are not over.
  show(job, made = this.draw(job)) {
    made.job = job;
    if (job.row?.isConnected) {
      const focused = job.row.contains(document.activeElement);
      job.row.replaceWith(made);
      if (focused) made.querySelector("a, button")?.focus();
    } else {
      if (!this.hasRoom) this.list.querySelector(OVER)?.remove();
      if (this.hasRoom) this.list.insertBefore(made, this.list.querySelector(OVER));
    }
    job.row = made;
  }

  sink(row) {
    if (row.isConnected) this.list.append(row);
  }

  // Show what there was no room for.
  fill(jobs) {
    for (const job of jobs) {
      if (!this.hasRoom) break;
      if (!job.row?.isConnected) this.show(job, job.row);
    }
  }

  shown(jobs) {
    return [...this.list.children].filter((row) => jobs.has(row.job)).length;
  }
}
