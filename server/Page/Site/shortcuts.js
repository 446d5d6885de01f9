// Keyboard shortcuts and the dialog that lists them.

import { $, el } from "./dom.js";
import { closeByItself } from "./settings.js";

const mac = /mac|iphone|ipad/i.test(navigator.platform), control = mac ? "⌘" : "Ctrl";

// Those without an action belong to the message box.
const shortcuts = [
  { keys: ["Enter"], label: "Send" },
  { keys: ["Shift", "Enter"], label: "Begin a line" },
  { keys: ["↑"], label: "In an empty message box: edit your last message" },
  { keys: ["Esc"], label: "Stop the answer" },
  { keys: [control, "K"], label: "Search chats", action: "search", on: event => command(event) && event.key.toLowerCase() === "k" },
  { keys: [control, "Shift", "O"], label: "New chat", action: "begin", on: event => command(event, true) && event.key.toLowerCase() === "o" },
  { keys: ["Alt", "↑"], label: "The chat above", action: "above", on: event => alone(event, "altKey") && event.key === "ArrowUp" },
  { keys: ["Alt", "↓"], label: "The chat below", action: "below", on: event => alone(event, "altKey") && event.key === "ArrowDown" },
  { keys: ["/"], label: "Go to the message box", action: "write", on: event => event.key === "/" && alone(event) && !inField(event) },
  { keys: ["?"], label: "Show this list", action: "help", on: event => event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey && !inField(event) },
];

const command = (event, shift = false) => (mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey && event.shiftKey === shift;
const alone = (event, key) => ["altKey", "ctrlKey", "metaKey", "shiftKey"].every(name => event[name] === (name === key));
const inField = event => event.target.matches?.("input:not([type=radio], [type=file]), textarea");

/** Listens for the shortcuts. `actions`: search(), begin(), above(), below(), write(). */
export function setUpShortcuts(actions) {
  const dialog = $("shortcuts"), help = () => dialog.showModal();
  $("shortcut-list").append(...shortcuts.map(({ keys, label }) => el("li", {},
    el("span", { text: label }), el("span", { class: "keys" }, keys.map(key => el("kbd", { text: key }))))));
  $("open-shortcuts").addEventListener("click", help);
  closeByItself(dialog);
  addEventListener("keydown", event => {
    if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) {
      return;
    }
    const found = shortcuts.find(({ on }) => on?.(event));
    if (found) {
      event.preventDefault();
      (found.action === "help" ? help : actions[found.action])();
    }
  });
}
