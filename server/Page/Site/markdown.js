// Converts markdown to DOM nodes. The browser never parses a model's text as markup: all of it becomes text nodes, links lead only to http
// and https URLs, and images are shown as links. All scans are linear in the length of the text, and the depth of nesting is limited.

import { el } from "./dom.js";
import { inline, maxDepth } from "./inline.js";

const maxColumns = 64;
const fence = /^ {0,3}(`{3,}|~{3,})([^`]*)$/, heading = /^ {0,3}(#{1,6})[ \t]+(.*)$/, rule = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const quote = /^ {0,3}> ?/, item = /^( *)([-*+]|\d{1,9}[.)])( +|$)(.*)$/;

const blank = line => line.trim() === "";
const begins = line => fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line);

function cells(line) {
  const found = [];
  let cell = "";
  const row = line.trim().replace(/^\|/, "");
  for (let i = 0; i < row.length; i++) {
    if (row[i] === "\\" && row[i + 1] === "|") {
      cell += "|";
      i++;
    } else if (row[i] === "|") {
      found.push(cell.trim());
      cell = "";
    } else {
      cell += row[i];
    }
  }
  if (cell.trim() !== "") {
    found.push(cell.trim());
  }
  return found.slice(0, maxColumns);
}

const isTable = (lines, at) => lines[at].includes("|") && at + 1 < lines.length && lines[at + 1].includes("-") && lines[at + 1].includes("|")
  && cells(lines[at + 1]).every(cell => /^:?-+:?$/.test(cell)) && cells(lines[at]).length === cells(lines[at + 1]).length;

// Returns the kind of block that begins at a line, and the line after its end.
function blockAt(lines, at) {
  const line = lines[at];
  let end = at + 1;
  const open = fence.exec(line);
  if (open) {
    while (end < lines.length && !(lines[end].trim().startsWith(open[1]) && lines[end].trim().split(open[1][0]).join("") === "")) {
      end++;
    }
    return { type: "code", end: Math.min(end + 1, lines.length), language: open[2].trim().split(/\s/)[0], closed: end < lines.length };
  }
  if (heading.test(line) || rule.test(line)) {
    return { type: heading.test(line) ? "heading" : "rule", end };
  }
  if (quote.test(line)) {
    while (end < lines.length && (quote.test(lines[end]) || (!blank(lines[end]) && !begins(lines[end])))) {
      end++;
    }
    return { type: "quote", end };
  }
  const first = item.exec(line);
  if (first) {
    const ordered = first[2].length > 1, indent = first[1].length;
    for (; end < lines.length; end++) {
      const next = item.exec(lines[end]);
      const deeper = /^ */.exec(lines[end])[0].length > indent;
      const sibling = next && next[1].length <= indent && next[2].length > 1 === ordered && !rule.test(lines[end]);
      const lazy = !blank(lines[end]) && !blank(lines[end - 1]) && !begins(lines[end]);
      const gap = blank(lines[end]) && end + 1 < lines.length && !blank(lines[end + 1]);
      if (!(sibling || (deeper && !blank(lines[end])) || lazy || gap)) {
        break;
      }
    }
    while (blank(lines[end - 1])) {
      end--;
    }
    return { type: "list", end, ordered };
  }
  if (isTable(lines, at)) {
    for (end = at + 2; end < lines.length && lines[end].includes("|"); end++) {
      // The table continues.
    }
    return { type: "table", end };
  }
  while (end < lines.length && !blank(lines[end]) && !begins(lines[end]) && !isTable(lines, end)) {
    end++;
  }
  return { type: "paragraph", end };
}

function split(lines) {
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    if (blank(lines[at])) {
      at++;
    } else {
      const block = blockAt(lines, at);
      blocks.push({ ...block, lines: lines.slice(at, block.end) });
      at = block.end;
    }
  }
  return blocks;
}

function codeNode(block) {
  const code = el("code", { text: codeText(block) });
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

const codeText = block => block.lines.slice(1, block.closed ? -1 : undefined).join("\n");

function listNode(block, depth) {
  const items = [];
  const base = item.exec(block.lines[0])[1].length;
  for (const line of block.lines) {
    const found = item.exec(line);
    if (found && found[1].length <= base && !(items.length > 0 && rule.test(line))) {
      items.push([found[4]]);
    } else {
      items.at(-1).push(line.slice(Math.min(/^ */.exec(line)[0].length, base + (block.ordered ? 3 : 2))));
    }
  }
  const start = block.ordered ? parseInt(item.exec(block.lines[0])[2], 10) : null;
  return el(block.ordered ? "ol" : "ul", { start: start === 1 ? null : start }, items.map(lines => {
    const parts = split(lines);
    // A list item of one paragraph, perhaps with nested lists, is tight.
    const close = parts.every((part, i) => (i === 0 ? part.type === "paragraph" : part.type === "list"));
    return el("li", {}, parts.map((part, i) => (i === 0 && close ? inline(part.lines.join("\n"), depth + 1) : blockNode(part, depth + 1))));
  }));
}

function tableNode(block, depth) {
  const align = cells(block.lines[1]).map(cell => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "end") : "start"));
  const row = (line, tag) => {
    const values = cells(line);
    return el("tr", {}, align.map((side, i) =>
      el(tag, { class: `align-${side}`, scope: tag === "th" ? "col" : null }, inline(values[i] ?? "", depth + 1))));
  };
  return el("div", { class: "table", tabindex: "0", role: "group", "aria-label": "Table" }, el("table", {},
    el("thead", {}, row(block.lines[0], "th")),
    el("tbody", {}, block.lines.slice(2).map(line => row(line, "td")))));
}

function blockNode(block, depth) {
  if (depth > maxDepth) {
    return el("p", { text: block.lines.join("\n") });
  }
  switch (block.type) {
    case "code":
      return codeNode(block);
    case "heading": {
      const [, marks, title] = heading.exec(block.lines[0]);
      // The levels above belong to the page's own headings.
      return el(`h${Math.min(6, marks.length + 2)}`, { dir: "auto" }, inline(title, depth + 1));
    }
    case "rule":
      return el("hr");
    case "quote":
      return el("blockquote", {}, nodes(block.lines.map(line => line.replace(quote, "")), depth + 1));
    case "list":
      return listNode(block, depth);
    case "table":
      return tableNode(block, depth);
    default:
      return el("p", { dir: "auto" }, inline(block.lines.map(line => line.trim()).join("\n"), depth + 1));
  }
}

const nodes = (lines, depth) => split(lines).map(block => blockNode(block, depth));

const linesOf = text => text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n");

/** A view of growing markdown. Unchanged blocks keep their nodes, so that selections and scroll positions survive. */
export class MarkdownView {
  #container;
  #shown = [];

  constructor(container) {
    this.#container = container;
  }

  update(text) {
    const blocks = split(linesOf(text));
    blocks.forEach((block, i) => {
      const raw = block.lines.join("\n"), old = this.#shown[i];
      if (old?.raw === raw && old.block.closed === block.closed) {
        return;
      }
      if (old?.block.type === "code" && block.type === "code" && old.block.language === block.language) {
        old.node.querySelector("pre > code").textContent = codeText(block);
        this.#shown[i] = { raw, block, node: old.node };
        return;
      }
      const node = blockNode(block, 0);
      if (old) {
        old.node.replaceWith(node);
      } else {
        this.#container.append(node);
      }
      this.#shown[i] = { raw, block, node };
    });
    for (const { node } of this.#shown.splice(blocks.length)) {
      node.remove();
    }
  }
}
