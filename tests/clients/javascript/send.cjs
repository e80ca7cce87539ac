// Sends events with the CloudEvents SDK for JavaScript and prints each answer as [status, body].
// Standard input: {url, authorization, mode, events: [{attributes, data, bytes}]}; `bytes` is base64.
// A `refused` instead of a status: the event did not leave this process.
"use strict";
const { CloudEvent, HTTP, emitterFor, httpTransport, Mode } = require("cloudevents");

function made({ attributes, data, bytes }) {
  const given = bytes === null ? data : new Uint8Array(Buffer.from(bytes, "base64"));
  return new CloudEvent(given === null ? attributes : { ...attributes, data: given });
}

async function sent(message, { url, authorization }) {
  try {
    const headers = { ...message.headers, authorization };
    const answer = await fetch(url, { method: "POST", headers, body: message.body });
    return [answer.status, await answer.json()];
  } catch (error) {
    return ["refused", String(error)];
  }
}

async function answers(asked) {
  const events = asked.events.map(made);
  if (asked.mode === "batch") {
    const headers = { "content-type": "application/cloudevents-batch+json" };
    return [await sent({ headers, body: JSON.stringify(events) }, asked)];
  }
  const found = [];
  if (asked.mode === "emitter") {
    // The SDK's own way over HTTP; of an answer it tells the body alone.
    const emit = emitterFor(httpTransport(asked.url), { mode: Mode.STRUCTURED });
    for (const event of events) {
      const answer = await emit(event, { headers: { authorization: asked.authorization } });
      found.push([202, JSON.parse(answer.body)]);
    }
    return found;
  }
  for (const event of events) {
    found.push(await sent(HTTP[asked.mode](event), asked));
  }
  return found;
}

let read = "";
process.stdin.setEncoding("utf-8");
process.stdin.on("data", (piece) => (read += piece));
process.stdin.on("end", async () => console.log(JSON.stringify(await answers(JSON.parse(read)))));
