// A certified provider of OpenID Connect on loopback: node provider.js PORT CALLBACKS SIGNED_OUT, each with commas
// Whoever types a name is that person. A line of standard input says that its keys are to be changed.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const [port, callbacks, signedOut] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const key = (kid) => ({
  ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256",
});

const made = (kid) =>
  new Provider(issuer, {
    clients: [{
      client_id: "library", client_secret: "a secret of the two", redirect_uris: callbacks.split(","),
      post_logout_redirect_uris: signedOut.split(","),
    }],
    claims: { openid: ["sub"], profile: ["preferred_username", "given_name", "groups"], email: ["email", "email_verified"] },
    findAccount: async (_ctx, id) => ({
      accountId: id,
      claims: async () => ({
        sub: id, preferred_username: id, given_name: "Given", email: `${id}@example.org`,
        email_verified: true, groups: id === "editor" ? ["desk"] : [],
      }),
    }),
    pkce: { required: () => true },
    jwks: { keys: [key(kid)] },
    cookies: { keys: ["of the tests"] },
    ttl: { Grant: 600, Interaction: 600, Session: 600, IdToken: 600, AccessToken: 600 },
  }).callback();

let answer = made("first");
createInterface({ input: process.stdin }).on("line", (kid) => { answer = made(kid); console.log(`changed ${kid}`); });
createServer((request, response) => answer(request, response)).listen(Number(port), "127.0.0.1", () => console.log("ready"));
