// Shows the messages of a chat. It passes the user's actions to callbacks and does not change the chat itself.

import { fileNode } from "./attachments.js";
import { versionsOf } from "./branches.js";
import { el, icon, perFrame } from "./dom.js";
import { MarkdownView } from "./markdown.js";
import { ThoughtView } from "./thought.js";
import { welcome } from "./welcome.js";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

const rateText = rate => (rate >= 100 ? number.format(rate) : rate.toFixed(1));
const timeText = ms => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${number.format(Math.max(1, ms))} ms`);

/** Returns the statistics of an answer as short texts. */
function factsOf(message) {
  const facts = [];
  if (message.tokens) {
    facts.push(`${message.approximate ? "≈ " : ""}${number.format(message.tokens)} ${message.tokens === 1 ? "token" : "tokens"}`);
  }
  if (message.rate) {
    facts.push(`${rateText(message.rate)} tokens/s`);
  }
  if (message.first) {
    facts.push(`first token ${timeText(message.first)}`);
  }
  const ends = { length: "cut at the longest answer", stopped: "stopped", error: "incomplete" };
  if (ends[message.finish]) {
    facts.push(ends[message.finish]);
  }
  return facts;
}

const action = (name, label, run) => el("button", { type: "button", class: "action", "aria-label": label, title: label, on: { click: run } }, icon(name));

export class Transcript {
  #root;
  #actions;
  #views = [];
  #chat = null;
  #grown;

  /** `actions`: ask(text, system), retry(index), edit(index, text), choose(index, version), copy(text), key(); `grown` is called when the height changes. */
  constructor(root, actions, grown) {
    this.#root = root;
    this.#actions = actions;
    this.#grown = grown;
    this.updateLast = perFrame(run => this.#update(run));
  }

  /** Shows all messages of a chat. */
  show(chat, run, model) {
    this.#chat = chat;
    this.#views = [];
    this.#root.replaceChildren();
    if (chat.messages.length === 0) {
      this.#root.append(welcome(model, this.#actions.ask));
      return;
    }
    chat.messages.forEach((message, index) => this.#append(message, index));
    if (run) {
      this.#update(run);
    }
    this.#grown();
  }

  #append(message, index) {
    const view = message.role === "user" ? this.#question(message, index) : this.#answer(message, index);
    this.#views.push(view);
    this.#root.append(view.node);
  }

  #question(message, index) {
    const node = el("article", { class: "message question", "aria-label": "You" },
      message.files?.length > 0 ? el("div", { class: "files" }, message.files.map(fileNode)) : null,
      message.content ? el("div", { class: "bubble", dir: "auto", text: message.content }) : null);
    const edit = () => this.#edit(node, message, index);
    const tools = el("div", { class: "actions" },
      this.#versions(message, index),
      action("copy", "Copy message", () => this.#actions.copy(message.content)),
      action("edit", "Edit message", edit));
    node.append(tools);
    return { node, message, edit };
  }

  /** Opens the last question for editing. */
  editLast() {
    this.#views.findLast(view => view.edit)?.edit();
  }

  // Arrows to the other versions of a message.
  #versions(message, index) {
    const { count, shown } = versionsOf(message);
    if (count === 1) {
      return null;
    }
    const arrow = (name, label, other) => {
      const button = action(name, label, () => {
        this.#actions.choose(index, other);
        // The same arrow has the focus again, or the one that is left at the end.
        this.#views[index].node.querySelector(`.versions [aria-label="${label}"]:enabled, .versions button:enabled`).focus({ preventScroll: true });
      });
      button.disabled = other < 0 || other >= count;
      return button;
    };
    return el("div", { class: "versions", role: "group", "aria-label": `Version ${shown + 1} of ${count}` },
      arrow("left", "Version before", shown - 1),
      el("span", { text: `${shown + 1}/${count}` }),
      arrow("right", "Version after", shown + 1));
  }

  #answer(message, index) {
    const body = el("div", { class: "answer-text" });
    const facts = el("span", { class: "facts" });
    const foot = el("div", { class: "actions" },
      this.#versions(message, index),
      action("copy", "Copy answer", () => this.#actions.copy(message.content)),
      action("retry", "Answer again", () => this.#actions.retry(index)),
      facts);
    const node = el("article", { class: "message answer", "aria-label": "Answer" }, body, foot);
    const view = { node, message, body, thought: null, foot, facts, markdown: new MarkdownView(body), notice: null };
    this.#fill(view, false, null);
    return view;
  }

  #fill(view, writing, error) {
    const { message, node, body } = view;
    const empty = message.content === "" && !message.thought;
    if (message.thought) {
      if (!view.thought) {
        view.thought = new ThoughtView();
        node.prepend(view.thought.node);
      }
      view.thought.update(message, writing);
    }
    view.markdown.update(message.content);
    view.facts.textContent = factsOf(message).join("  ·  ");
    node.classList.toggle("writing", writing);
    node.classList.toggle("waiting", writing && empty);
    node.classList.toggle("empty", error !== null && empty);
    body.hidden = message.content === "" && !(writing && empty);
    node.setAttribute("aria-busy", String(writing));
    if (error && !view.notice) {
      view.notice = this.#notice(error, this.#views.indexOf(view));
      node.insertBefore(view.notice, view.foot);
    }
  }

  #notice(error, index) {
    const needsKey = error.status === 401;
    const details = [error.parameter && `parameter ${error.parameter}`, error.status >= 400 && `status ${error.status}`, error.code,
      error.requestId && `request ${error.requestId}`].filter(Boolean).join(" · ");
    const advice = error.retryAfter && !/again/i.test(error.message) ? ` Try again in ${error.retryAfter} s.` : "";
    return el("div", { class: "notice", role: "alert" },
      icon("alert"),
      el("div", {}, el("p", { class: "notice-text", text: error.message + advice }), details ? el("p", { class: "notice-details", text: details }) : null),
      needsKey
        ? el("button", { type: "button", class: "button small", text: "Enter a key", on: { click: () => this.#actions.key() } })
        : el("button", { type: "button", class: "button small", text: "Try again", on: { click: () => this.#actions.retry(index) } }));
  }

  // Updates the last answer of the chat that is shown. Answers of other chats must not replace it.
  #update(run) {
    const view = this.#views.at(-1);
    if (run.chat === this.#chat && view?.message === run.message) {
      this.#fill(view, !run.ended, run.error);
      this.#grown();
    }
  }

  #edit(node, message, index) {
    const area = el("textarea", { class: "edit", rows: "1", "aria-label": "Edit message", dir: "auto" });
    area.value = message.content;
    const close = () => {
      form.remove();
      node.classList.remove("editing");
      node.querySelector("[aria-label='Edit message']").focus();
    };
    const send = () => {
      if (area.value.trim() || message.files?.length > 0) {
        this.#actions.edit(index, area.value.trim());
      }
    };
    const form = el("form", { class: "edit-form", on: { submit: event => { event.preventDefault(); send(); } } },
      area,
      el("div", { class: "edit-buttons" },
        el("button", { type: "button", class: "button small quiet", text: "Cancel", on: { click: close } }),
        el("button", { type: "submit", class: "button small primary", text: "Send" })));
    area.addEventListener("keydown", event => {
      if (event.key === "Escape") {
        event.stopPropagation();
        close();
      } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        send();
      }
    });
    node.classList.add("editing");
    node.append(form);
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }
}
