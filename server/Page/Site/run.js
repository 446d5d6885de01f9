// One answer in progress: requests it from the server, measures it, and notifies a listener. It does not know the page.

import { streamChat } from "./api.js";
import { textWithFiles } from "./attachments.js";
import { samplingFields } from "./store.js";

// Milliseconds.
const shortest = 50;

/** Builds the request for a chat: its system prompt, its messages without earlier thoughts, and its settings. */
function requestOf(chat, { id, reasons }) {
  const messages = chat.messages.slice(0, -1).map(message => ({ role: message.role, content: textWithFiles(message) }));
  if (chat.settings.system.trim()) {
    messages.unshift({ role: "system", content: chat.settings.system });
  }
  const body = { messages };
  if (id) {
    body.model = id;
  }
  if (reasons) {
    body.chat_template_kwargs = { enable_thinking: chat.settings.think };
  }
  for (const { name } of samplingFields) {
    if (chat.settings[name] !== undefined) {
      body[name] = chat.settings[name];
    }
  }
  const stops = (chat.settings.stop ?? "").split("\n").filter(line => line !== "");
  if (stops.length > 0) {
    body.stop = stops;
  }
  return body;
}

export class Run {
  #abort = new AbortController();

  /** Starts to generate the last message of a chat, which is an empty answer. `model` has its id, if known, and whether it reasons. */
  constructor(chat, model, changed) {
    this.chat = chat;
    this.message = chat.messages.at(-1);
    this.error = null;
    this.done = this.#fill(model, changed);
  }

  stop() {
    this.#abort.abort();
  }

  async #fill(model, changed) {
    const { message } = this;
    const begun = performance.now();
    let first = 0, last = 0, pieces = 0, thoughtSince = 0;
    const measure = () => {
      if (first > 0) {
        message.first = first - begun;
        // The rate counts the tokens after the first, since the time before it is spent on the prompt. If all tokens arrived together, as
        // those of a short answer do, the rate is that of the whole answer.
        const apart = last - first >= shortest;
        message.rate = (apart ? message.tokens - 1 : message.tokens) / ((last - (apart ? first : begun)) / 1000);
      }
    };
    try {
      for await (const chunk of streamChat(requestOf(this.chat, model), this.#abort.signal)) {
        const choice = chunk.choices?.[0], content = choice?.delta?.content, thought = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning;
        if (content || thought) {
          last = performance.now();
          first ||= last;
          if (thought || (message.thought && message.content === "")) {
            thoughtSince ||= last;
            message.thought = (message.thought ?? "") + (thought ?? "");
            message.thinking = last - thoughtSince;
          }
          message.content += content ?? "";
          message.tokens = ++pieces;
          message.approximate = true;
        }
        if (choice?.finish_reason) {
          message.finish = choice.finish_reason;
        }
        if (chunk.usage) {
          message.tokens = chunk.usage.completion_tokens;
          delete message.approximate;
        }
        measure();
        changed(this);
      }
    } catch (error) {
      if (this.#abort.signal.aborted) {
        message.finish = "stopped";
      } else {
        this.error = error;
        message.finish = "error";
      }
    }
  }
}
