// Converts markdown to DOM nodes. The browser never parses a model's text as markup: all of it becomes text nodes, links lead only to http
// and https URLs, and images are shown as links. Line breaks are shown as they were written, as chats do.

import { cells, parse } from "./blocks.js";
import { el } from "./dom.js";
import { inline } from "./inline.js";

function codeNode(block) {
  const code = el("code", { text: textOf(block) });
  const copy = el("button", { type: "button", class: "copy-code", text: "Copy" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Not allowed";
    }
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  const language = block.language.slice(0, 24);
  return el("figure", { class: "code" },
    el("figcaption", {}, el("span", { text: language || "text" }), copy),
    el("pre", { tabindex: "0", "aria-label": language ? `Code, ${language}` : "Code" }, code));
}

const textOf = block => block.lines.join("\n");

const taskBox = done => el("span", { class: done ? "task-box done" : "task-box", role: "img", "aria-label": done ? "Done" : "To do" });

function itemNode(item, tight, definitions) {
  const parts = item.children.map(block =>
    (tight && block.type === "paragraph" ? inline(textOf(block), definitions) : blockNode(block, definitions)));
  return el("li", { class: item.done === null ? null : "task" }, item.done === null ? null : taskBox(item.done), parts);
}

function tableNode(block, definitions) {
  const align = cells(block.lines[1]).map(cell => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "end") : "start"));
  const row = (line, tag) => {
    const values = cells(line);
    return el("tr", {}, align.map((side, i) =>
      el(tag, { class: `align-${side}`, scope: tag === "th" ? "col" : null }, inline(values[i] ?? "", definitions))));
  };
  return el("div", { class: "table", tabindex: "0", role: "group", "aria-label": "Table" }, el("table", {},
    el("thead", {}, row(block.lines[0], "th")),
    el("tbody", {}, block.lines.slice(2).map(line => row(line, "td")))));
}

function blockNode(block, definitions) {
  switch (block.type) {
    case "code":
      return codeNode(block);
    case "heading":
      // The levels above belong to the page's own headings.
      return el(`h${Math.min(6, block.level + 2)}`, { dir: "auto" }, inline(block.lines[0], definitions));
    case "rule":
      return el("hr");
    case "quote":
      return el("blockquote", {}, block.children.map(child => blockNode(child, definitions)));
    case "list":
      return el(block.first === null ? "ul" : "ol", { start: block.first === 1 ? null : block.first },
        block.children.map(item => itemNode(item, block.tight, definitions)));
    case "table":
      return tableNode(block, definitions);
    default:
      return el("p", { dir: "auto" }, inline(textOf(block), definitions));
  }
}

/** A view of growing markdown. Unchanged blocks keep their nodes, so that selections and scroll positions survive. */
export class MarkdownView {
  #container;
  #shown = [];

  constructor(container) {
    this.#container = container;
  }

  update(text) {
    const { blocks, lines, definitions } = parse(text), { stamp } = definitions;
    blocks.forEach((block, i) => {
      const raw = lines.slice(block.start, block.end + 1).join("\n"), old = this.#shown[i];
      // A definition further on may turn brackets into links, and the end of the text a line into an underline.
      const context = (raw.includes("]") ? stamp : "") + (block.end === lines.length - 1);
      if (old?.raw === raw && old.context === context) {
        return;
      }
      if (old?.block.type === "code" && block.type === "code" && old.block.language === block.language) {
        old.node.querySelector("pre > code").textContent = textOf(block);
        this.#shown[i] = { raw, context, block, node: old.node };
        return;
      }
      const node = blockNode(block, definitions);
      if (old) {
        old.node.replaceWith(node);
      } else {
        this.#container.append(node);
      }
      this.#shown[i] = { raw, context, block, node };
    });
    for (const { node } of this.#shown.splice(blocks.length)) {
      node.remove();
    }
  }
}
