// The chats of this browser and the answers in progress. It tells the views what changed. They only display chats and never change one.

import { $, announce, toast } from "./dom.js";
import { textWithFiles } from "./attachments.js";
import * as branches from "./branches.js";
import { Run } from "./run.js";
import * as store from "./store.js";

const titleLength = 60, saveEvery = 1000, spokenLength = 2000;

export class Chats {
  /** The answer in progress, by chat id. */
  running = new Map();
  /** The model's id, null until it is known, whether it reasons, and the ids of its adapters. */
  model = { id: null, reasons: false, adapters: [] };
  #saved = 0;
  #warned = false;

  /** `views` are callbacks for changes: show(stay), updated(run), listed(), failed(error). */
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

  /** Asks a question, perhaps with files. */
  ask(text, files = []) {
    if (!this.run && (text.trim() || files.length > 0)) {
      this.current.messages.push(question(text, files));
      this.current.title ||= titleOf(this.current.messages[0]);
      this.#answer();
    }
  }

  /** Generates the answer at an index again. The branch that was there is kept, unless it is an answer that never began. */
  retry(index) {
    if (this.run) {
      return;
    }
    const { messages } = this.current, { content, thought, versions } = messages[index];
    if (content || thought) {
      branches.branch(messages, index, answer());
      this.#answer(false);
    } else {
      messages.length = index;
      messages.push(versions ? { ...answer(), versions } : answer());
      this.#answer(false);
    }
  }

  /** Asks the question at an index in other words. The branch that was there is kept. */
  edit(index, text) {
    if (!this.run) {
      const { messages } = this.current;
      branches.branch(messages, index, question(text, messages[index].files ?? []));
      this.current.title = titleOf(messages[0]);
      this.#answer();
    }
  }

  /** Shows another version of the message at an index. */
  choose(index, version) {
    if (!this.run) {
      const { current } = this;
      branches.choose(current.messages, index, version);
      current.title = titleOf(current.messages[0]);
      this.#keep(current);
      this.#changed(true);
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

  /** The model of a chat: with the adapter that was chosen for it, as long as there is one of that name. */
  modelOf(chat) {
    const { model } = chat.settings;
    return { ...this.model, id: this.model.adapters.includes(model) ? model : this.model.id };
  }

  /** Saves changed settings of this chat, which become the defaults of new chats. */
  settingsChanged() {
    store.saveSettings(this.current.settings);
    if (this.current.messages.length > 0) {
      this.#keep(this.current);
    }
  }

  // Generates the last message. Adds it if the last message is a question.
  #answer(adds = true) {
    const { current } = this;
    if (adds) {
      current.messages.push(answer());
    }
    const run = new Run(current, this.modelOf(current), changed => {
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

  #changed(stay = false) {
    this.views.show(stay);
    this.views.listed();
  }
}

const answer = () => ({ role: "assistant", content: "" });
const question = (content, files) => ({ role: "user", content, ...(files.length > 0 ? { files } : {}) });
const titleOf = ({ content, files }) => (content.trim() || files?.[0]?.name || "").replace(/\s+/g, " ").slice(0, titleLength);

// Thoughts have the name that servers give them.
const exported = ({ role, content, files, thought }) => ({ role, content: textWithFiles({ content, files }), ...(thought ? { reasoning_content: thought } : {}) });

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
