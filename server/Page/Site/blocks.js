// Reads the block structure of markdown as CommonMark defines it, with the tables and task lists of GitHub. It knows nothing of the DOM, and
// all scans are linear in the length of the text. HTML is text. The depth of nesting is limited: markers of deeper containers stay text.

import { Definitions } from "./definitions.js";

const maxContainers = 16, maxColumns = 64, codeIndent = 4, tabWidth = 4;
const fence = /^(?:(`{3,})([^`]*)|(~{3,})(.*))$/, closingFence = /^(`{3,}|~{3,})[ \t]*$/, heading = /^(#{1,6})(?:[ \t]+(.*))?$/;
const rule = /^([-*_])(?:[ \t]*\1){2,}[ \t]*$/, underline = /^(=+|-+)[ \t]*$/, bullet = /^[-*+](?=[ \t]|$)/, ordinal = /^(\d{1,9})([.)])(?=[ \t]|$)/;
const task = /^\[([ xX])\][ \t]+(?=\S)/;

/** A line and how far it was read. Columns count a tab as the spaces up to the next multiple of four. */
class Line {
  at = 0;
  column = 0;
  // Whether a tab was read in part.
  #inTab = false;

  constructor(text) {
    this.text = text;
    this.look();
  }

  // Finds what is next after white space.
  look() {
    let { at, column } = this;
    for (; this.text[at] === " " || this.text[at] === "\t"; at++) {
      column += this.text[at] === " " ? 1 : tabWidth - (column % tabWidth);
    }
    this.next = at;
    this.indent = column - this.column;
    this.blank = at === this.text.length;
    this.rest = this.text.slice(at);
  }

  /** Skips columns of white space. */
  skip(columns) {
    while (columns > 0 && (this.text[this.at] === " " || this.text[this.at] === "\t")) {
      const width = this.text[this.at] === " " ? 1 : tabWidth - (this.column % tabWidth), taken = Math.min(width, columns);
      this.#inTab = taken < width;
      this.at += this.#inTab ? 0 : 1;
      this.column += taken;
      columns -= taken;
    }
    this.look();
  }

  /** Skips white space and then characters that are not white space. */
  take(count) {
    this.column += this.indent + count;
    this.at = this.next + count;
    this.#inTab = false;
    this.look();
  }

  /** What is left, with its white space. */
  get left() {
    return this.#inTab ? " ".repeat(tabWidth - (this.column % tabWidth)) + this.text.slice(this.at + 1) : this.text.slice(this.at);
  }
}

/** The cells of a table's row, without white space around them. */
export function cells(line) {
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

const isTable = (head, line) => line.includes("|") && line.includes("-") && head.includes("|") && /^[-:| \t]+$/.test(line)
  && cells(line).every(cell => /^:?-+:?$/.test(cell)) && cells(head).length === cells(line).length;

// White space around a heading and hashes at its end are not part of it.
function headingText(rest) {
  const text = rest.trim();
  let end = text.length;
  while (text[end - 1] === "#") {
    end--;
  }
  return end === 0 || /[ \t]/.test(text[end - 1]) ? text.slice(0, end).trimEnd() : text;
}

// The marker of a list item at a line, or null. In a paragraph, only an item with text begins a list, and only at number 1.
function markerOf(line, inParagraph) {
  const found = line.indent < codeIndent && !rule.test(line.rest) ? bullet.exec(line.rest) ?? ordinal.exec(line.rest) : null;
  if (!found || (inParagraph && (line.rest.slice(found[0].length).trim() === "" || (found[1] && Number(found[1]) !== 1)))) {
    return null;
  }
  return { kind: found[2] ?? found[0], start: found[1] ? Number(found[1]) : null, length: found[0].length };
}

class Parser {
  constructor(text) {
    this.lines = text.replace(/\r\n?/g, "\n").split("\n");
    this.definitions = new Definitions();
    this.root = { type: "root", children: [], start: 0, end: 0 };
    // The blocks that are open, from the root to the innermost.
    this.open = [this.root];
  }

  parse() {
    this.lines.forEach((text, number) => this.read(new Line(text), number));
    this.close(1, this.lines.length);
    return { blocks: this.root.children, lines: this.lines, definitions: this.definitions };
  }

  get tip() {
    return this.open.at(-1);
  }

  read(line, number) {
    this.number = number;
    let matched = 1;
    while (matched < this.open.length && this.continues(this.open[matched], line)) {
      matched++;
    }
    const leaf = this.open[matched - 1];
    if (leaf.type === "code") {
      this.code(leaf, line);
      return;
    }
    // Blocks that this line does not continue stay open until it is clear that it does not continue their paragraph.
    this.matched = matched;
    while (this.begins(line)) {
      // Containers may begin within containers.
    }
    if (this.matched < this.open.length && !line.blank && this.tip.type === "paragraph") {
      this.add(line);
      return;
    }
    this.close(this.matched);
    if (line.blank) {
      return;
    }
    if (!this.tip.lines) {
      this.push({ type: "paragraph", lines: [] });
    }
    if (this.tip.type !== "heading" && this.tip.type !== "rule" && this.tip.type !== "code") {
      this.add(line);
    }
  }

  // Whether a line continues an open block. Reads the markers that belong to it.
  continues(block, line) {
    switch (block.type) {
      case "list":
        return true;
      case "quote":
        if (line.indent >= codeIndent || line.rest[0] !== ">") {
          return false;
        }
        line.take(1);
        line.skip(1);
        block.end = this.number;
        return true;
      case "item":
        if (line.blank) {
          return block.children.length > 0;
        }
        if (line.indent < block.indent) {
          return false;
        }
        line.skip(block.indent);
        return true;
      case "code":
        return block.mark ? !block.closed : line.blank || line.indent >= codeIndent;
      case "table":
        return !line.blank && line.rest.includes("|");
      default:
        return block.type === "paragraph" && !line.blank;
    }
  }

  code(block, line) {
    block.end = this.number;
    if (!block.mark) {
      line.skip(codeIndent);
      block.lines.push(line.left);
      return;
    }
    const found = line.indent < codeIndent ? closingFence.exec(line.rest) : null;
    if (found && found[1].startsWith(block.mark)) {
      block.closed = true;
      this.close(this.open.length - 1);
      return;
    }
    line.skip(Math.min(block.indent, line.indent));
    block.lines.push(line.left);
  }

  // Opens the block that begins at a line, if any. Returns whether another may begin within it.
  begins(line) {
    const container = this.open[this.matched - 1];
    if (line.blank || container.type === "heading" || container.type === "rule") {
      return false;
    }
    const inParagraph = container.type === "paragraph";
    if (line.indent >= codeIndent) {
      if (this.tip.type !== "paragraph" && container.type !== "table") {
        this.start({ type: "code", language: "", lines: [] });
        line.skip(codeIndent);
        this.tip.lines.push(line.left);
        line.take(line.rest.length);
      }
      return false;
    }
    const deep = this.matched > maxContainers;
    if (line.rest[0] === ">" && !deep) {
      this.start({ type: "quote", children: [] });
      line.take(1);
      line.skip(1);
      return true;
    }
    let found = heading.exec(line.rest);
    if (found) {
      this.start({ type: "heading", level: found[1].length, lines: [headingText(found[2] ?? "")] });
      return false;
    }
    found = fence.exec(line.rest);
    if (found) {
      const [mark, info] = [found[1] ?? found[3], found[2] ?? found[4]];
      this.start({ type: "code", mark, indent: line.indent, language: info.trim().split(/\s/)[0], closed: false, lines: [] });
      line.take(line.rest.length);
      return false;
    }
    if (inParagraph && this.underlines(container, line)) {
      return false;
    }
    if (rule.test(line.rest)) {
      this.start({ type: "rule", lines: [] });
      return false;
    }
    const marker = deep ? null : markerOf(line, inParagraph);
    if (marker) {
      this.item(line, marker);
      return true;
    }
    return false;
  }

  // Turns the end of a paragraph into a heading or the head of a table, if the line after it says so.
  underlines(paragraph, line) {
    const found = underline.exec(line.rest);
    // A single hyphen at the end of the text may become a list item while it is being written.
    if (found && !(found[1] === "-" && this.number === this.lines.length - 1)) {
      this.definitions.take(paragraph);
      if (paragraph.lines.length > 0) {
        Object.assign(paragraph, { type: "heading", level: found[1][0] === "=" ? 1 : 2, end: this.number, lines: [paragraph.lines.join("\n").trimEnd()] });
        this.finished(line);
        return true;
      }
    }
    if (!isTable(paragraph.lines.at(-1) ?? "", line.rest)) {
      return false;
    }
    const head = paragraph.lines.pop(), start = this.number - 1;
    if (paragraph.lines.length > 0) {
      paragraph.end = start - 1;
      this.close(this.matched - 1);
      this.push({ type: "table", lines: [head], start });
    } else {
      Object.assign(paragraph, { type: "table", lines: [head], start });
    }
    this.matched = this.open.length;
    return true;
  }

  finished(line) {
    line.take(line.rest.length);
    this.close(this.matched - 1);
    this.matched = this.open.length;
  }

  item(line, { kind, start, length }) {
    const container = this.open[this.matched - 1], list = container.type === "list" ? container : null;
    if (list?.kind !== kind) {
      this.start({ type: "list", kind, first: start, children: [] });
    }
    const before = line.indent;
    line.take(length);
    // The text of an item begins after one to four columns. After more, it is code that begins after one.
    const gap = line.blank || line.indent > codeIndent ? 1 : line.indent;
    line.skip(gap);
    this.start({ type: "item", indent: before + length + gap, children: [], done: null });
    const box = task.exec(line.rest);
    if (box) {
      this.tip.done = box[1] !== " ";
      line.take(box[0].length);
    }
  }

  // Closes what the line does not continue, and opens a block.
  start(block) {
    this.close(this.matched);
    while (this.tip.lines || (this.tip.type === "list" && block.type !== "item")) {
      this.close(this.open.length - 1);
    }
    this.push(block);
    this.matched = this.open.length;
  }

  push(block) {
    block.start ??= this.number;
    block.end = this.number;
    if (this.tip.type === "list" && block.type !== "item") {
      this.close(this.open.length - 1);
    }
    this.tip.children.push(block);
    this.open.push(block);
  }

  add(line) {
    this.tip.lines.push(line.rest);
    this.tip.end = this.number;
  }

  // Closes open blocks down to a depth.
  close(depth) {
    while (this.open.length > depth) {
      const block = this.open.pop(), parent = this.tip;
      if (block.type === "paragraph") {
        this.definitions.take(block);
        if (block.lines.length === 0) {
          parent.children.pop();
        }
      } else if (block.type === "code" && block.mark) {
        // The line after the last line break of the text is none.
        if (!block.closed && block.end === this.lines.length - 1 && this.lines.at(-1) === "") {
          block.lines.pop();
        }
      } else if (block.type === "code") {
        while (block.lines.at(-1).trim() === "") {
          block.lines.pop();
          block.end--;
        }
      } else if (block.children) {
        block.end = Math.max(block.start, block.type === "quote" ? block.end : 0, block.children.at(-1)?.end ?? 0);
        block.tight = block.type === "list" && block.children.every((item, i) => together(block.children, item, i)
          && item.children.every((part, j) => together(item.children, part, j)));
      }
    }
  }
}

// Whether no blank line is between a block and the next one.
const together = (blocks, block, i) => i + 1 === blocks.length || block.end === blocks[i + 1].start - 1;

/**
 * Returns the blocks of a text, its lines, and its definitions of links. Blocks have a type, their first and last line, and children or lines:
 * quote, list (kind, first, tight), item (done), paragraph, heading (level), code (language, closed), rule, table.
 */
export const parse = text => new Parser(text).parse();
