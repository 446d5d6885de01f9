// The list of chats: a sidebar, or on narrow screens a drawer over the page.

import { $, el, icon } from "./dom.js";
import { exportChats } from "./chats.js";
import { find } from "./search.js";

const narrow = matchMedia("(max-width: 860px)");

function dayOf(time) {
  const days = Math.floor((new Date().setHours(0, 0, 0, 0) - new Date(time).setHours(0, 0, 0, 0)) / 86400000 + 0.5);
  return days <= 0 ? "Today" : days === 1 ? "Yesterday" : days < 7 ? "This week" : days < 31 ? "This month" : "Earlier";
}

export class Sidebar {
  #chats;

  constructor(chats) {
    this.#chats = chats;
    $("new-chat").addEventListener("click", () => {
      chats.begin();
      this.close();
      $("draft").focus();
    });
    $("search").addEventListener("input", () => this.list());
    $("search").addEventListener("keydown", event => {
      if (event.key === "Enter") {
        $("chat-list").querySelector(".chat-open")?.click();
        $("draft").focus();
      } else if (event.key === "Escape" && $("search").value) {
        // Escape empties the field first, and does nothing else.
        event.preventDefault();
        event.stopPropagation();
        $("search").value = "";
        this.list();
      }
    });
    $("export-all").addEventListener("click", () => exportChats(chats.list, "chats"));
    $("delete-all").addEventListener("click", () => chats.deleteAll());
    $("open-sidebar").addEventListener("click", () => (this.#isOpen ? this.close() : this.open()));
    $("scrim").addEventListener("click", () => this.close());
    narrow.addEventListener("change", () => this.close());
    addEventListener("keydown", event => {
      if (event.key === "Escape" && this.#isOpen && !(event.target === $("search") && $("search").value)) {
        event.stopImmediatePropagation();
        this.close();
        $("open-sidebar").focus();
      }
    }, true);
    this.close();
  }

  get #isOpen() {
    return document.body.classList.contains("sidebar-open");
  }

  open() {
    this.#set(true);
    $("new-chat").focus();
  }

  /** Goes to the search. */
  search() {
    if (narrow.matches) {
      this.#set(true);
    }
    $("search").focus();
    $("search").select();
  }

  close() {
    this.#set(false);
  }

  #set(open) {
    document.body.classList.toggle("sidebar-open", open);
    $("scrim").hidden = !open;
    $("open-sidebar").setAttribute("aria-expanded", String(open));
    // A closed drawer is out of reach of focus and screen readers; an open one makes the rest of the page so.
    $("sidebar").inert = narrow.matches && !open;
    $("main").inert = narrow.matches && open;
  }

  /** Shows the current chats. */
  list() {
    const { list: all, current, running } = this.#chats;
    if (all.length === 0) {
      $("search").value = "";
    }
    const query = $("search").value.trim();
    const found = new Map(all.map(chat => [chat, query ? find(chat, query, running.has(chat.id)) : ["", "", ""]]));
    const list = all.filter(chat => found.get(chat));
    const groups = Map.groupBy ? Map.groupBy(list, chat => dayOf(chat.updated)) : new Map([["Chats", list]]);
    const focused = document.activeElement?.closest?.("#chat-list [data-id]")?.dataset.id;
    $("chat-list").replaceChildren(...[...groups].map(([day, chats]) => el("section", { "aria-label": day },
      el("h2", { text: day }),
      el("ul", {}, ...chats.map(chat => this.#entry(chat, chat.id === current.id, running.has(chat.id), found.get(chat)))))));
    $("no-chats").hidden = list.length > 0;
    $("no-chats").textContent = query ? "No chat has these words." : "Chats stay in this browser.";
    $("search").hidden = all.length === 0;
    $("chats-foot").hidden = all.length === 0;
    if (focused) {
      document.querySelector(`#chat-list [data-id="${CSS.escape(focused)}"] .chat-open`)?.focus();
    }
  }

  #entry(chat, current, writing, [before, word, after]) {
    const name = chat.title || "New chat";
    return el("li", { class: `chat${current ? " current" : ""}${writing ? " writing" : ""}`, data: { id: chat.id } },
      el("button", {
        type: "button", class: "chat-open", "aria-current": current ? "true" : null, title: name,
        on: { click: () => { this.#chats.open(chat.id); this.close(); } },
      },
      el("span", { dir: "auto", text: name }),
      word ? el("span", { class: "found", dir: "auto" }, before, el("mark", { text: word }), after) : null,
      writing ? el("span", { class: "visually-hidden", text: ", being answered" }) : null),
      el("button", { type: "button", class: "action", "aria-label": `Export ${name}`, title: "Export", on: { click: () => exportChats([chat], name) } }, icon("export")),
      el("button", { type: "button", class: "action", "aria-label": `Delete ${name}`, title: "Delete", on: { click: () => this.#delete(chat.id) } }, icon("delete")));
  }

  #delete(id) {
    this.#chats.delete(id);
    ($("chat-list").querySelector(".chat-open") ?? $("new-chat")).focus();
  }
}
