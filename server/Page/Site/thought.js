// The fold with the thoughts of an answer: closed at first, with a summary that tells how long the model has thought.

import { el, icon } from "./dom.js";
import { MarkdownView } from "./markdown.js";

const minute = 60;

function spanText(ms) {
  const seconds = Math.max(0.1, ms / 1000), whole = Math.round(seconds);
  return seconds < 10 ? `${seconds.toFixed(1)} s` : whole < minute ? `${whole} s` : `${Math.floor(whole / minute)} min ${whole % minute} s`;
}

export class ThoughtView {
  #summary = el("span", {});
  #body = el("div", { class: "thought-text answer-text" });
  #markdown = new MarkdownView(this.#body);
  #text = "";

  constructor() {
    this.node = el("details", { class: "thought", on: { toggle: () => this.#render() } },
      el("summary", {}, icon("thought"), this.#summary), this.#body);
  }

  /** Shows the thoughts of a message, which may still grow. */
  update({ thought, thinking, content }, writing) {
    const now = writing && content === "";
    this.#text = thought;
    this.node.classList.toggle("now", now);
    this.#summary.textContent = now ? `Thinking… ${Math.floor((thinking ?? 0) / 1000)} s` : `Thought for ${spanText(thinking ?? 0)}`;
    this.#render();
  }

  // Thoughts are long and mostly unread: they are rendered while the fold is open.
  #render() {
    if (this.node.open) {
      this.#markdown.update(this.#text);
    }
  }
}
