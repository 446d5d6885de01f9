// A server in front of another one whose model reasons: it repeats the last message word by word, with the text between <think> and </think>
// as reasoning. "slow N:" puts N milliseconds between words. Everything but answers comes from the other server.
import http from "node:http";

const marks = /(<\/?(?:think|answer)>\n?|\n<\/(?:think|answer)>\n?)|(?<=[ \n])/;

async function answer(body, response) {
  const message = JSON.parse(body).messages.at(-1).content, slow = /^slow (\d+):/.exec(message);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = chunk => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  let thinks = false, tokens = 0;
  for (const word of message.slice(slow?.[0].length ?? 0).split(marks).filter(Boolean)) {
    if (/^\n?<\/?(think|answer)>/.test(word)) {
      thinks = word.startsWith("<think>");
    } else if (!response.destroyed) {
      tokens++;
      send({ choices: [{ delta: thinks ? { reasoning_content: word, reasoning: word } : { content: word } }] });
      await new Promise(done => setTimeout(done, Number(slow?.[1] ?? 0)));
    }
  }
  send({ choices: [{ delta: {}, finish_reason: "stop" }] });
  send({ choices: [], usage: { completion_tokens: tokens } });
  response.end("data: [DONE]\n\n");
}

/** Starts the server and returns its URL and how to close it. */
export async function serveThinking(origin) {
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const part of request) {
      body += part;
    }
    if (request.url === "/v1/chat/completions") {
      await answer(body, response);
      return;
    }
    const found = await fetch(origin + request.url);
    let content = Buffer.from(await found.arrayBuffer());
    if (request.url === "/v1/models") {
      const models = JSON.parse(content);
      models.data[0].reasoning_parser = "hunyuan";
      content = JSON.stringify(models);
    }
    const headers = ["content-type", "content-security-policy"].filter(name => found.headers.has(name)).map(name => [name, found.headers.get(name)]);
    response.writeHead(found.status, Object.fromEntries(headers));
    response.end(content);
  });
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
