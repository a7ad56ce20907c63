// Files out of folders that are dropped or chosen: each as {file, folder}, `folder` being the path below which it lies.
const NO_PICTURES = /^(\.|thumbs\.db$|desktop\.ini$)/i;

export function chosen(files) {
  return pictures([...files].map((file) => ({ file, folder: (file.webkitRelativePath || "").split("/").slice(0, -1).join("/") })));
}

// What a drop carries; its entries have to be asked for at once, while the event lasts.
export async function filesOf(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() || item.getAsFile());
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return pictures(found);
}

const pictures = (found) => found.filter(({ file, folder }) => !folder || !NO_PICTURES.test(file.name));

async function walk(entry, folder, found) {
  if (entry instanceof File) found.push({ file: entry, folder });
  else if (entry.isFile) found.push({ file: await new Promise((done, failed) => entry.file(done, failed)), folder });
  else {
    const reader = entry.createReader();
    const inside = folder ? `${folder}/${entry.name}` : entry.name;
    for (let some; (some = await new Promise((done, failed) => reader.readEntries(done, failed))).length;) {
      for (const each of some) await walk(each, inside, found);
    }
  }
}
