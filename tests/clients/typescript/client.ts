// Uses the client that openapi-typescript writes from the document of a running API; prints what it is answered.
// Arguments: the URL, a key.
import createClient from "openapi-fetch";
import type { components, paths } from "./makegood.js";

declare const process: { argv: string[] };
const [url, key] = process.argv.slice(2) as [string, string];
const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
const waiting = { Prefer: "wait=5" };

const promise: components["schemas"]["PromiseMakeBody"] = {
  words: "We call you today",
  owner: "ana@shop.example",
  due_at: "2030-01-01T12:00:00Z",
};
const made = await api.POST("/v1/promises/{id}/make", {
  params: { path: { id: "T/17" }, header: { ...waiting, "Idempotency-Key": "once" } },
  body: promise,
});
const again = await api.POST("/v1/promises/{id}/make", {
  params: { path: { id: "T/17" }, header: { ...waiting, "Idempotency-Key": "once" } },
  body: promise,
});
const read = await api.GET("/v1/promises/{id}", { params: { path: { id: "promise:T/17" } } });
const words: string | null | undefined = read.data?.data?.words;
const kept = await api.POST("/v1/promises/{id}/keep", {
  params: { path: { id: "T/17" }, header: { ...waiting, "If-Match": read.response.headers.get("ETag") ?? "" } },
});
const late = await api.POST("/v1/promises/{id}/keep", {
  params: { path: { id: "T/17" }, header: { ...waiting, "If-Match": '"1"' } },
});
const returned = await api.POST("/v1/own/returns", {
  params: { header: waiting },
  body: {
    customer: { name: "Ada" },
    order: "4711",
    amount: 5,
    owner: "ana@shop.example",
    lead: "lea@shop.example",
  },
});
const listed = await api.GET("/v1/promises", { params: { query: { state: ["kept"], limit: 10 } } });
const found = await api.GET("/v1/search", { params: { query: { q: "T/17" } } });
const bare = createClient<paths>({ baseUrl: url });
const nobody = await bare.GET("/v1/promises/{id}", { params: { path: { id: "T/17" } } });

console.log(
  JSON.stringify({
    made: [made.response.status, made.data?.key, made.data?.state],
    again: again.data?.status,
    words,
    kept: [kept.response.status, kept.data?.state, kept.data?.revision],
    late: [late.response.status, late.error?.errors[0]?.rule],
    returned: [returned.response.status, returned.data?.state],
    listed: listed.data?.items.map((one) => one.id),
    found: found.data?.items.map((one) => one.key),
    nobody: [nobody.response.status, nobody.error?.errors[0]?.field],
  }),
);
