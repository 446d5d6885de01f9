// The message box with its files and its switch for thinking. It passes what was written to callbacks.

import { $ } from "./dom.js";
import { Attachments } from "./attachments.js";

const draft = $("draft");

export class Composer {
  #actions;
  #files;
  #writing = false;

  /** `actions`: send(text, files), stop(), think(on), editLast(). */
  constructor(actions) {
    this.#actions = actions;
    this.#files = new Attachments($("attached"), () => {
      this.#fit();
      // The button that removed a file is gone.
      if (document.activeElement === document.body) {
        this.focus();
      }
    });
    $("composer").addEventListener("submit", event => {
      event.preventDefault();
      this.#submit();
    });
    draft.addEventListener("input", () => this.#fit());
    draft.addEventListener("keydown", event => this.#key(event));
    $("stop").addEventListener("click", () => {
      actions.stop();
      draft.focus();
    });
    $("think").addEventListener("click", () => actions.think($("think").getAttribute("aria-pressed") !== "true"));
    this.#takeFiles($("panel-chat"));
    this.#fit();
  }

  /** Shows whether an answer is being written, and what the model and the chat say of thinking. */
  show(writing, { reasons }, { think }) {
    this.#writing = writing;
    $("send").hidden = writing;
    $("stop").hidden = !writing;
    $("think").hidden = !reasons;
    $("think").setAttribute("aria-pressed", String(think));
    $("send").disabled = this.#empty;
  }

  focus() {
    draft.focus({ preventScroll: true });
  }

  get #empty() {
    return draft.value.trim() === "" && this.#files.files.length === 0;
  }

  #fit() {
    draft.style.height = "auto";
    draft.style.height = `${draft.scrollHeight}px`;
    $("send").disabled = this.#empty;
  }

  #submit() {
    if (!this.#writing && !this.#empty) {
      const text = draft.value.trim();
      draft.value = "";
      this.#actions.send(text, this.#files.take());
    }
  }

  #key(event) {
    // While an input method is composing, Enter selects a word.
    if (event.isComposing || event.keyCode === 229) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp" && draft.value === "" && !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.#actions.editLast();
    }
  }

  // Files are chosen, pasted, or dropped anywhere on the chat.
  #takeFiles(area) {
    const input = $("files"), hasFiles = event => event.dataTransfer?.types.includes("Files");
    const add = files => this.#files.add(files).then(() => this.focus());
    $("attach").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      add([...input.files]);
      input.value = "";
    });
    draft.addEventListener("paste", event => {
      if (event.clipboardData?.files.length > 0) {
        event.preventDefault();
        add([...event.clipboardData.files]);
      }
    });
    area.addEventListener("dragover", event => {
      if (hasFiles(event)) {
        event.preventDefault();
        area.classList.add("dropping");
      }
    });
    area.addEventListener("dragleave", event => !area.contains(event.relatedTarget) && area.classList.remove("dropping"));
    area.addEventListener("drop", event => {
      area.classList.remove("dropping");
      if (hasFiles(event)) {
        event.preventDefault();
        add([...event.dataTransfer.files]);
      }
    });
  }
}
