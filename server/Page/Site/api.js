// The client of the server's HTTP API: JSON, OpenAI's error objects and server-sent events. It does not know the page.

const keyName = "hunyuan.key";
let memoryKey = "";

/** The API key of this tab; "" for none. It is forgotten when the tab is closed. */
export function apiKey() {
  try {
    return sessionStorage.getItem(keyName) ?? "";
  } catch {
    return memoryKey;
  }
}

export function setApiKey(key) {
  memoryKey = key;
  try {
    sessionStorage.setItem(keyName, key);
  } catch {
    // Without storage the key stays in memory.
  }
}

/** A failed request. `status` is 0 if no response came or it broke off. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = null, parameter = null, retryAfter = null, requestId = null } = {}) {
    super(message);
    Object.assign(this, { status, code, parameter, retryAfter, requestId });
  }
}

async function errorOf(response) {
  const requestId = response.headers.get("x-request-id");
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // The response is not this server's, for example a proxy's page. Its text is not shown.
  }
  return new ApiError(String(error.message ?? `The server answered with status ${response.status}.`), {
    status: response.status, code: error.code ?? null, parameter: error.param ?? null, retryAfter, requestId,
  });
}

async function request(path, options = {}) {
  const headers = { ...options.headers };
  const key = apiKey();
  if (key) {
    headers.Authorization = `Bearer ${key}`;
  }
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    throw new ApiError("The server cannot be reached. Is it running?");
  }
  if (!response.ok) {
    throw await errorOf(response);
  }
  return response;
}

/** Fetches JSON. */
export async function read(path, signal) {
  return (await request(path, { signal })).json();
}

/** Yields the data of server-sent events. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const raw of lines) {
        const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
        if (line === "" && data.length > 0) {
          yield data.join("\n");
          data = [];
        } else if (line.startsWith("data:")) {
          data.push(line.slice(line[5] === " " ? 6 : 5));
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Requests a chat completion and yields its chunks. Ends normally only if the server ended the stream with [DONE]. */
export async function* streamChat(body, signal) {
  const response = await request("v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  const requestId = response.headers.get("x-request-id");
  try {
    for await (const data of events(response.body)) {
      if (data === "[DONE]") {
        return;
      }
      const chunk = JSON.parse(data);
      if (chunk.error) {
        throw new ApiError(String(chunk.error.message), { status: response.status, code: chunk.error.code ?? null, requestId });
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") {
      throw error;
    }
    throw new ApiError("The connection broke off before the answer was complete.", { requestId });
  }
  throw new ApiError("The connection ended before the answer was complete.", { requestId });
}
