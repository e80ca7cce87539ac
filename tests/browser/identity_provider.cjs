// An OpenID Connect provider on loopback: whoever types a name is known by it. Arguments: where its packages are, and
// where browsers are led back to. It says on which port it listens, and ends with its input.
"use strict";
const { createServer } = require("node:http");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const [packages, home] = process.argv.slice(2);

(async () => {
  const { default: Provider } = await import(pathToFileURL(join(packages, "oidc-provider", "lib", "index.js")));
  const server = createServer((request, response) => handle(request, response));
  let handle;
  server.listen(0, "127.0.0.1", () => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: "desk",
          client_secret: "the client's secret, which is long enough",
          redirect_uris: [`${home}/sign-in/return`],
          post_logout_redirect_uris: [`${home}/sign-in`],
          response_types: ["code"],
          grant_types: ["authorization_code"],
        },
      ],
      pkce: { required: () => true },
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
      cookies: { keys: ["a key of the tests"] },
      findAccount: async (context, id) => ({
        accountId: id,
        claims: async () => ({
          sub: id,
          name: id,
          email: `${id}@desk.example`,
          email_verified: id !== "eve",
          groups: id === "lea" ? ["leads"] : [],
        }),
      }),
    });
    handle = provider.callback();
    console.log(server.address().port);
  });
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
})();
