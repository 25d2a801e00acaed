/** Requests of a page's own scripts to the console. */

/** What was refused, with the sentence of the server. */
export class RequestFailed extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The token that shows the server that a request is the console's own. */
function csrf(): string {
  const headers = document.body.getAttribute("hx-headers");
  return headers === null ? "" : String((JSON.parse(headers) as Record<string, string>)["x-csrf-token"]);
}

/**
 * Asks the console for JSON; with `body`, posts it as JSON.
 *
 * @throws RequestFailed for every answer that is not 2xx. Who is no longer signed in is sent to sign in.
 */
export async function ask<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      Accept: "application/json",
      "HX-Request": "true",
      "HX-Current-URL": location.href,
      "X-CSRF-Token": csrf(),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere !== null) {
    location.assign(elsewhere);
  }
  const text = await response.text();
  if (!response.ok) {
    throw new RequestFailed(response.status, sentence(text) || `The server answered ${response.status}`);
  }
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** The words of a refusal: JSON of the API, or a part of a page. */
function sentence(text: string): string {
  try {
    return ((JSON.parse(text) as { errors?: string[] }).errors ?? []).join("; ");
  } catch {
    return new DOMParser().parseFromString(text, "text/html").querySelector("p")?.textContent ?? "";
  }
}
