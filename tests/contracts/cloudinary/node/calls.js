// Calls the unmodified Node SDK, configured by CLOUDINARY_URL alone, and prints what each call gave.
// Usage: node calls.js <picture> <address of a picture> <asset id of a searchable picture>

const fs = require("fs");
const { v2: cloudinary } = require("cloudinary");

const [picture, address, searchable] = process.argv.slice(2);
const { api, uploader, utils } = cloudinary;
const results = {};

async function call(name, promise) {
  try {
    results[name] = await promise;
  } catch (failure) {
    const error = failure.error || failure;
    results[name] = { failed: error.message, http_code: error.http_code };
  }
  return results[name];
}

function uploadedStream(options) {
  return new Promise((resolve, reject) => {
    uploader
      .upload_stream(options, (error, result) => (error ? reject(error) : resolve(result)))
      .end(fs.readFileSync(picture));
  });
}

function uploadedLarge(options) {
  return new Promise((resolve, reject) => {
    uploader.upload_large(picture, options, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

async function main() {
  await call("ping", api.ping());
  const first = await call(
    "upload",
    uploader.upload(picture, {
      public_id: "node/first",
      tags: ["a", "b & c"],
      context: { alt: "An | alternative", season: "winter=cold" },
      metadata: { sku: "1" },
      asset_folder: "node/in",
    })
  );
  const data = "data:image/jpeg;base64," + fs.readFileSync(picture).toString("base64");
  await call("upload_data", uploader.upload(data, { public_id: "node/data" }));
  await call("upload_url", uploader.upload(address, { public_id: "node/url" }));
  await call("upload_stream", uploadedStream({ public_id: "node/stream" }));
  await call("upload_large", uploadedLarge({ public_id: "node/large", chunk_size: 5000 }));
  await call("upload_eager", uploader.upload(picture, { eager: [{ width: 100 }] }));
  await call("unsigned_upload", uploader.unsigned_upload(picture, "mine"));
  await call("add_tag", uploader.add_tag("new", ["node/first", "node/data"]));
  await call("remove_tag", uploader.remove_tag("a", ["node/first"]));
  await call("replace_tag", uploader.replace_tag("other", ["node/data"]));
  await call("remove_all_tags", uploader.remove_all_tags(["node/data"]));
  await call("add_context", uploader.add_context({ caption: "Text" }, ["node/first"]));
  await call("remove_all_context", uploader.remove_all_context(["node/data"]));
  await call("update_metadata", uploader.update_metadata({ color: "red" }, ["node/first"]));
  await call("explicit", uploader.explicit("node/first", { type: "upload", tags: "x,y" }));
  await call("rename", uploader.rename("node/stream", "node/renamed"));
  await call("rename_taken", uploader.rename("node/renamed", "node/first"));

  await call("resource", api.resource("node/first", { colors: true, phash: true, image_metadata: true }));
  await call("resource_by_asset_id", api.resource_by_asset_id(first.asset_id));
  await call("resources", api.resources({ type: "upload", prefix: "node/", max_results: 2 }));
  await call("resources_next", api.resources({ type: "upload", prefix: "node/", max_results: 500,
    next_cursor: results.resources.next_cursor }));
  await call("resources_by_tag", api.resources_by_tag("x"));
  await call("resources_by_ids", api.resources_by_ids(["node/first", "node/url"]));
  await call("resources_by_asset_ids", api.resources_by_asset_ids([first.asset_id]));
  await call("resources_by_asset_folder", api.resources_by_asset_folder("node/in"));
  await call("resources_by_context", api.resources_by_context("caption"));
  await call("update", api.update("node/first", { tags: "z", context: { k: "v" }, display_name: "Renamed" }));
  await call("tags", api.tags());
  await call("create_folder", api.create_folder("node/empty"));
  await call("root_folders", api.root_folders());
  await call("sub_folders", api.sub_folders("node"));
  await call("rename_folder", api.rename_folder("node/empty", "node/still-empty"));
  await call("delete_folder", api.delete_folder("node/still-empty"));
  await call("delete_full_folder", api.delete_folder("node/in"));
  await call("usage", api.usage());

  const expression = 'tags:z AND public_id:"node/first" AND bytes<40mb';
  await call("search", cloudinary.search.expression(expression).sort_by("created_at", "desc").with_field("tags")
    .max_results(10).execute());
  await call("search_unknown", cloudinary.search.expression("nonsense:1").execute());
  await call("search_folders", cloudinary.search_folders.expression("name:in").execute());
  await call("visual_by_text", api.visual_search({ text: "mountains" }));
  await call("visual_by_asset", api.visual_search({ image_asset_id: searchable }));
  await call("visual_by_url", api.visual_search({ image_url: address }));
  await call("visual_by_file", api.visual_search({ image_file: picture }));
  await call("visual_by_nothing", api.visual_search({}));

  await call("create_zip", uploader.create_zip({ public_ids: ["node/first", "node/url"] }));
  results.download_zip_url = utils.download_zip_url({ prefixes: ["node/"], flatten_folders: true });
  await call("destroy", uploader.destroy("node/data"));
  await call("destroy_again", uploader.destroy("node/data"));
  await call("restore", api.restore(["node/data"]));
  await call("delete_resources", api.delete_resources(["node/data", "node/missing"]));
  await call("delete_by_asset_ids", api.delete_resources_by_asset_ids([results.upload_url.asset_id]));
  await call("delete_by_tag", api.delete_resources_by_tag("z"));
  await call("delete_by_prefix", api.delete_resources_by_prefix("node/"));
  await call("missing", api.resource("node/first"));
  await metadataFields();
  await uploadPresets();
  process.stdout.write(JSON.stringify(results));
}

async function metadataFields() {
  const values = [{ external_id: "r", value: "Red" }, { external_id: "g", value: "Green" }];
  await call("add_field", api.add_metadata_field({
    external_id: "colors", type: "set", label: "Colours", default_value: ["r"], datasource: { values },
  }));
  await call("add_number", api.add_metadata_field({
    external_id: "price", type: "integer", label: "Price", mandatory: false,
    validation: { type: "greater_than", value: 1, equals: true },
  }));
  await call("add_date", api.add_metadata_field({ external_id: "shot", type: "date", label: "Shot" }));
  await call("update_field", api.update_metadata_field("price", { label: "Amount" }));
  await call("field", api.metadata_field_by_field_id("price"));
  const added = { values: [{ external_id: "b", value: "Blue" }] };
  await call("add_entries", api.update_metadata_field_datasource("colors", added));
  await call("delete_entries", api.delete_datasource_entries("colors", ["g"]));
  await call("restore_entries", api.restore_metadata_field_datasource("colors", ["g"]));
  await call("order_entries", api.order_metadata_field_datasource("colors", "value", "asc"));
  await call("order_fields", api.reorder_metadata_fields("label", "asc"));
  await call("fields", api.list_metadata_fields());
  await call("upload_typed", uploader.upload(picture, {
    public_id: "node/typed", metadata: { colors: ["r", "b"], price: 9, shot: "2024-05-31", note: "a|b=c" },
  }));
  await call("upload_untyped", uploader.upload(picture, { metadata: { price: "much" } }));
  await call("update_typed", uploader.update_metadata({ price: 10, colors: ["g"], shot: "" }, ["node/typed"]));
  await call("typed", api.resource("node/typed"));
  await call("search_typed", cloudinary.search.expression("metadata.price>9 AND metadata.colors:green").execute());
  await call("delete_field", api.delete_metadata_field("shot"));
  await call("rules", api.list_metadata_rules());
  for (const name of ["colors", "price"]) await api.delete_metadata_field(name);
  await api.delete_resources(["node/typed"]);
}

async function uploadPresets() {
  await call("create_preset", api.create_upload_preset({
    name: "node", unsigned: true, folder: "in", tags: ["a", "b"], context: { k: "v" }, disallow_public_id: true,
  }));
  await call("preset", api.upload_preset("node"));
  await call("presets", api.upload_presets());
  await call("unsigned", uploader.unsigned_upload(picture, "node", { tags: ["c"] }));
  await call("unsigned_refused", uploader.unsigned_upload(picture, "node", { visual_search: false }));
  await call("update_preset", api.update_upload_preset("node", { ...results.preset.settings, unsigned: false }));
  await call("updated_preset", api.upload_preset("node"));
  await call("signed", uploader.upload(picture, { upload_preset: "node" }));
  await call("delete_preset", api.delete_upload_preset("node"));
  await call("no_preset", api.upload_preset("node"));
  await api.delete_resources_by_prefix("in/");
}

main();
