// Uploads a picture with the unmodified tus-js-client, in its several ways, and prints what came of each.
// Usage: node uploads.js <picture> <endpoint> <the same behind a line that is cut once> <token> <file for addresses>

const fs = require("fs");
const tus = require("tus-js-client");

const [picture, endpoint, cut, token, addresses] = process.argv.slice(2);
const PART = 65536;
const common = {
  endpoint,
  chunkSize: PART,
  retryDelays: null,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "sea.jpg", on_duplicate: "keep" },
};

function finished(source, options, prepare = (upload) => upload.start()) {
  return new Promise((resolve) => {
    const upload = new tus.Upload(source, {
      ...common,
      ...options,
      onSuccess: ({ lastResponse }) => resolve({ asset: lastResponse.getHeader("Upload-Asset"), url: upload.url }),
      onError: (error) => {
        const answer = error.originalResponse;
        resolve({ status: answer && answer.getStatus(), body: answer && answer.getBody(), failed: error.message });
      },
    });
    prepare(upload);
  });
}

function begun(options) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(fs.createReadStream(picture), {
      ...common,
      ...options,
      onError: reject,
      onChunkComplete: (_size, accepted) => {
        if (accepted === 2 * PART) upload.abort().then(() => resolve(upload));
      },
    });
    upload.start();
  });
}

async function resumed() {
  const options = { urlStorage: new tus.FileUrlStorage(addresses), storeFingerprintForResuming: true };
  const first = await begun(options);
  let offset = null;
  const result = await finished(
    fs.createReadStream(picture),
    { ...options, onProgress: (sent) => (offset = offset === null ? sent : offset) },
    async (upload) => {
      const known = await upload.findPreviousUploads();
      upload.resumeFromPreviousUpload(known[0]);
      upload.start();
    }
  );
  return { ...result, same: result.url === first.url, offset };
}

async function terminated() {
  const upload = await begun({});
  await tus.Upload.terminate(upload.url, { ...common, retryDelays: null });
  const answer = await fetch(upload.url, { headers: common.headers });
  return { status: answer.status };
}

async function main() {
  const whole = fs.readFileSync(picture);
  const results = {
    resumed: await resumed(),
    cut: await finished(fs.createReadStream(picture), {
      endpoint: cut,
      chunkSize: 200000,
      retryDelays: [200, 500, 1000, 2000, 4000],
    }),
    at_once: await finished(whole, { chunkSize: Infinity, uploadDataDuringCreation: true }),
    in_parts_from_the_beginning: await finished(whole, { uploadDataDuringCreation: true }),
    by_post: await finished(whole, { overridePatchMethod: true, addRequestId: true }),
    terminated: await terminated(),
    refused: await finished(Buffer.from("Not a picture. ".repeat(10000)), { retryDelays: [0, 0] }),
  };
  process.stdout.write(JSON.stringify(results));
}

main();
