// Sends standard input as one structured event with Node's own client, which is told to offer HTTP/2.
// Arguments: the URL, the value of Authorization. Prints [status, body].
"use strict";
const http = require("http");

const [url, authorization] = process.argv.slice(2);
const headers = {
  authorization,
  "content-type": "application/cloudevents+json",
  connection: "Upgrade, HTTP2-Settings",
  upgrade: "h2c",
  "http2-settings": "AAMAAABkAAQAoAAAAAIAAAAA",
};
const request = http.request(url, { method: "POST", headers }, (answer) => {
  let body = "";
  answer.setEncoding("utf-8");
  answer.on("data", (piece) => (body += piece));
  answer.on("end", () => console.log(JSON.stringify([answer.statusCode, JSON.parse(body)])));
});
request.on("upgrade", () => {
  console.error("the server agreed to another protocol");
  process.exit(1);
});
process.stdin.pipe(request);
