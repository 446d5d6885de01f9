// Finds chats by their words, in titles, messages, thoughts and files of all branches. It does not know the page.

import { allMessages } from "./branches.js";

// Characters around a word that was found.
const before = 16, after = 60;
const remembered = new WeakMap();

// The text of a chat and its lower-case form, which are kept until the chat changes.
function textOf(chat, running) {
  const known = remembered.get(chat);
  if (known?.updated === chat.updated && !running) {
    return known;
  }
  const parts = [];
  for (const { content, thought, files } of allMessages(chat.messages)) {
    parts.push(content, thought ?? "", ...(files ?? []).flatMap(file => [file.name, file.content]));
  }
  const text = parts.filter(Boolean).join("\n");
  const found = { updated: chat.updated, text, lower: text.toLowerCase(), title: chat.title.toLowerCase() };
  remembered.set(chat, found);
  return found;
}

/**
 * Returns null if a chat does not have all words of a query. Otherwise the part of its messages with the first word that they have: what is
 * before, the word, and what is after; three empty texts if only the title has the words.
 */
export function find(chat, query, running) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean), { text, lower, title } = textOf(chat, running);
  if (!words.every(word => title.includes(word) || lower.includes(word))) {
    return null;
  }
  const word = words.find(one => lower.includes(one));
  if (!word) {
    return ["", "", ""];
  }
  const at = lower.indexOf(word), end = at + word.length, from = Math.max(0, at - before);
  const line = part => part.replace(/\s+/g, " ");
  return [(from > 0 ? "…" : "") + line(text.slice(from, at)), text.slice(at, end), line(text.slice(end, end + after))];
}
