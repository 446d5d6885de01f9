// The chats of this browser and the answers in progress. It tells the views what changed. They only display chats and never change one.

import { $, announce, toast } from "./dom.js";
import { Run } from "./run.js";
import * as store from "./store.js";

const titleLength = 60, saveEvery = 1000, spokenLength = 2000;

export class Chats {
  /** The answer in progress, by chat id. */
  running = new Map();
  /** The model's id, null until it is known, and whether it reasons. */
  model = { id: null, reasons: false };
  #saved = 0;
  #warned = false;

  /** `views` are callbacks for changes: show(), updated(run), listed(), failed(error). */
  constructor(views) {
    this.views = views;
    this.list = store.allChats();
    this.current = this.list[0] ?? store.newChat();
    store.onForeignChange(() => this.#reload());
    addEventListener("pagehide", () => this.running.forEach(run => store.saveChat(run.chat)));
  }

  get run() {
    return this.running.get(this.current.id) ?? null;
  }

  open(id) {
    this.current = this.list.find(chat => chat.id === id) ?? this.current;
    this.#changed();
  }

  begin() {
    if (this.current.messages.length > 0) {
      this.current = store.newChat();
    }
    this.#changed();
  }

  ask(text) {
    if (this.run || !text.trim()) {
      return;
    }
    const { current } = this;
    current.title ||= text.trim().replace(/\s+/g, " ").slice(0, titleLength);
    current.messages.push({ role: "user", content: text });
    this.#answer();
  }

  /** Generates the answer at an index again and removes all messages after it. */
  retry(index) {
    if (!this.run) {
      this.current.messages.length = index;
      this.#answer();
    }
  }

  /** Replaces a question and generates a new answer. */
  edit(index, text) {
    if (!this.run) {
      this.current.messages.length = index;
      if (index === 0) {
        this.current.title = "";
      }
      this.ask(text);
    }
  }

  stop() {
    this.run?.stop();
  }

  delete(id) {
    const chat = this.list.find(c => c.id === id);
    this.running.get(id)?.stop();
    this.list = this.list.filter(c => c.id !== id);
    store.deleteChat(id);
    if (this.current.id === id) {
      this.current = this.list[0] ?? store.newChat();
    }
    this.#changed();
    toast("Chat deleted.", "Undo", () => {
      this.#keep(chat);
      this.open(id);
    });
  }

  deleteAll() {
    for (const chat of this.list) {
      this.running.get(chat.id)?.stop();
      store.deleteChat(chat.id);
    }
    const gone = this.list;
    this.list = [];
    this.current = store.newChat();
    this.#changed();
    toast("All chats deleted.", "Undo", () => {
      gone.toReversed().forEach(chat => this.#keep(chat));
      this.#changed();
    });
  }

  /** Saves changed settings of this chat, which become the defaults of new chats. */
  settingsChanged() {
    store.saveSettings(this.current.settings);
    if (this.current.messages.length > 0) {
      this.#keep(this.current);
    }
  }

  #answer() {
    const { current } = this;
    current.messages.push({ role: "assistant", content: "" });
    const run = new Run(current, this.model, changed => {
      if (performance.now() - this.#saved > saveEvery) {
        this.#keep(current);
      }
      this.views.updated(changed);
    });
    this.running.set(current.id, run);
    this.#touch(current);
    this.#changed();
    announce("The answer is being written.");
    run.done.then(() => this.#ended(run));
  }

  #ended(run) {
    const { chat, message, error } = run;
    run.ended = true;
    this.running.delete(chat.id);
    if (this.list.includes(chat)) {
      this.#touch(chat);
    }
    this.views.updated(run);
    this.views.listed();
    if (error) {
      this.views.failed(error);
    } else if (chat === this.current) {
      const spoken = message.content.slice(0, spokenLength);
      announce(message.finish === "stopped" ? `Stopped. ${spoken}`.trim() : spoken ? `Answer: ${spoken}` : "The answer ended before the thoughts did.");
    }
  }

  #touch(chat) {
    chat.updated = Date.now();
    this.#keep(chat);
  }

  #keep(chat) {
    this.#saved = performance.now();
    this.list = [chat, ...this.list.filter(c => c.id !== chat.id)].sort((a, b) => b.updated - a.updated);
    if (!store.saveChat(chat) && !this.#warned) {
      this.#warned = true;
      toast("This browser keeps no more chats: its storage is full or switched off.");
    }
  }

  // Another tab saved chats. Chats with an answer in progress in this tab keep their state here.
  #reload() {
    const mine = id => this.running.get(id)?.chat;
    this.list = store.allChats().map(chat => mine(chat.id) ?? chat);
    if (!this.run && this.current.messages.length > 0) {
      this.current = this.list.find(chat => chat.id === this.current.id) ?? this.list[0] ?? store.newChat();
      this.#changed();
    } else {
      this.views.listed();
    }
  }

  #changed() {
    this.views.show();
    this.views.listed();
  }
}

// Thoughts have the name that servers give them.
const exported = ({ role, content, thought }) => ({ role, content, ...(thought ? { reasoning_content: thought } : {}) });

/** Downloads chats as a file, with messages in OpenAI's format. */
export function exportChats(chats, name) {
  const content = chats.map(({ title, created, settings, messages }) => ({
    title,
    created: new Date(created).toISOString(),
    settings,
    messages: [...(settings.system ? [{ role: "system", content: settings.system }] : []), ...messages.map(exported)],
  }));
  const address = URL.createObjectURL(new Blob([JSON.stringify(content.length === 1 ? content[0] : content, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") || "chat"}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** Copies a text to the clipboard. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("The browser does not allow copying here.");
  }
  $("draft").focus({ preventScroll: true });
}
