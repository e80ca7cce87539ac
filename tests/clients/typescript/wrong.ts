// What the types do not let through: the compiler complains of each of these, or of its not complaining.
import createClient from "openapi-fetch";
import type { paths } from "./makegood.js";

const api = createClient<paths>({ baseUrl: "http://127.0.0.1" });
const id = { params: { path: { id: "P-17" } } };

export async function wrong(): Promise<void> {
  // @ts-expect-error: there is no such trigger
  await api.POST("/v1/promises/{id}/brake", id);
  // @ts-expect-error: whose promise is it?
  await api.POST("/v1/promises/{id}/make", { ...id, body: { words: "We call you" } });
  // @ts-expect-error: a misspelt channel
  await api.POST("/v1/promises/{id}/make", { ...id, body: { words: "We", owner: "a", channel: "e-mail" } });
  // @ts-expect-error: which one?
  await api.GET("/v1/promises/{id}");
  // @ts-expect-error: no state of a promise
  await api.GET("/v1/promises", { params: { query: { state: ["broken"] } } });
}
