// Converts inline markdown to nodes: code, emphasis, links, breaks. Every scan is linear in the length of the text.

import { el } from "./dom.js";

export const maxDepth = 8;
const maxAddress = 2048, wordCharacter = /[\p{L}\p{N}_]/u;

/** Returns the URL of a link, or null if it is not allowed. */
function safeAddress(address) {
  const url = address.length <= maxAddress && URL.canParse(address) ? new URL(address) : null;
  return url && (url.protocol === "http:" || url.protocol === "https:") ? url.href : null;
}

const link = (href, ...children) => el("a", { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);

const special = /[\\`*_~[!h\n]/g;
const bareAddress = /https?:\/\/[^\s<>"`\u3000-\u303f\uff00-\uffef]+/y;

class Inline {
  constructor(text, depth) {
    this.text = text;
    this.depth = depth;
    this.nodes = [];
    // Delimiters that are known to have no closing one further on, so that each is searched only once.
    this.endless = new Set();
    this.brackets = null;
  }

  render() {
    const { text } = this;
    let plain = "", at = 0;
    while (at < text.length) {
      special.lastIndex = at;
      const found = special.exec(text);
      const next = found ? found.index : text.length;
      plain += text.slice(at, next);
      at = next;
      if (at >= text.length) {
        break;
      }
      const taken = this.take(at);
      if (typeof taken === "string") {
        plain += taken;
        at += this.length;
      } else {
        if (plain) {
          this.nodes.push(plain);
          plain = "";
        }
        for (const node of taken) {
          this.nodes.push(node);
        }
        at += this.length;
      }
    }
    if (plain) {
      this.nodes.push(plain);
    }
    return this.nodes;
  }

  // Parses what begins at a special character, to text or nodes. Sets length to the characters read.
  take(at) {
    const { text } = this;
    const c = text[at];
    this.length = 1;
    switch (c) {
      case "\n":
        return [el("br")];
      case "\\":
        if (/[!-/:-@[-`{-~]/.test(text[at + 1] ?? "")) {
          this.length = 2;
          return text[at + 1];
        }
        return c;
      case "`":
        return this.code(at);
      case "h":
        return this.bare(at);
      case "[":
        return this.link(at, at);
      case "!":
        return text[at + 1] === "[" ? this.link(at, at + 1) : c;
      default:
        return this.emphasis(at, c);
    }
  }

  code(at) {
    let open = at;
    while (this.text[open] === "`") {
      open++;
    }
    const mark = this.text.slice(at, open);
    for (let end = open; !this.endless.has(mark);) {
      end = this.text.indexOf(mark, end);
      if (end < 0) {
        this.endless.add(mark);
        break;
      }
      let after = end + mark.length;
      if (this.text[after] !== "`") {
        this.length = after - at;
        const inner = this.text.slice(open, end).replaceAll("\n", " ");
        return [el("code", { text: inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() ? inner.slice(1, -1) : inner })];
      }
      while (this.text[after] === "`") {
        after++;
      }
      end = after;
    }
    this.length = mark.length;
    return mark;
  }

  bare(at) {
    bareAddress.lastIndex = at;
    const found = wordCharacter.test(this.text[at - 1] ?? "") ? null : bareAddress.exec(this.text);
    if (!found) {
      return "h";
    }
    let end = found[0].length;
    while (".,;:!?*_~'\")]}".includes(found[0][end - 1])) {
      end--;
    }
    const address = found[0].slice(0, end), href = safeAddress(address);
    this.length = end;
    return href ? [link(href, address)] : address;
  }

  link(at, bracket) {
    const close = this.matching(bracket);
    if (close === undefined || this.text[close + 1] !== "(" || this.depth >= maxDepth) {
      return this.text[at];
    }
    let end = close + 2, open = 1;
    for (; end < this.text.length && end - close < maxAddress && open > 0 && !/\s/.test(this.text[end]); end++) {
      open += this.text[end] === "(" ? 1 : this.text[end] === ")" ? -1 : 0;
    }
    const address = this.text.slice(close + 2, end - 1);
    const href = open === 0 ? safeAddress(address) : null;
    if (!href) {
      return this.text[at];
    }
    this.length = end - at;
    const label = this.text.slice(bracket + 1, close);
    // Links cannot be nested.
    return [link(href, label.trim() === "" ? address : label.replaceAll("\n", " "))];
  }

  // The index of the bracket that closes the one at an index. All brackets are matched in one pass.
  matching(bracket) {
    if (!this.brackets) {
      this.brackets = new Map();
      const open = [];
      for (let i = 0; i < this.text.length; i++) {
        const c = this.text[i];
        if (c === "\\") {
          i++;
        } else if (c === "[") {
          open.push(i);
        } else if (c === "]" && open.length > 0) {
          this.brackets.set(open.pop(), i);
        }
      }
    }
    return this.brackets.get(bracket);
  }

  emphasis(at, c) {
    const { text } = this;
    let run = 1;
    while (text[at + run] === c && run < 3) {
      run++;
    }
    const mark = text.slice(at, at + run), inside = text[at + run] ?? " ";
    this.length = run;
    const wrong = /\s/.test(inside) || this.depth >= maxDepth || (c === "~" && run !== 2)
      || (c === "_" && wordCharacter.test(text[at - 1] ?? " "));
    const end = wrong ? -1 : this.closing(at + run, mark);
    if (end < 0) {
      return mark;
    }
    this.length = end + run - at;
    const nodes = new Inline(text.slice(at + run, end), this.depth + 1).render();
    const tag = c === "~" ? "del" : run === 1 ? "em" : "strong";
    return [el(tag, {}, run === 3 ? el("em", {}, nodes) : nodes)];
  }

  closing(from, mark) {
    if (this.endless.has(mark)) {
      return -1;
    }
    for (let end = this.text.indexOf(mark, from + 1); end >= 0;) {
      let after = end + mark.length;
      const longer = this.text[after] === mark[0];
      while (this.text[after] === mark[0]) {
        after++;
      }
      // A closing delimiter may be the end of a longer run: **bold *both***.
      const place = longer && mark.length > 1 ? after - mark.length : end;
      const fits = !longer || mark.length > 1;
      if (fits && !/\s/.test(this.text[end - 1]) && !(mark[0] === "_" && wordCharacter.test(this.text[after] ?? " "))) {
        return place;
      }
      end = this.text.indexOf(mark, after);
    }
    this.endless.add(mark);
    return -1;
  }
}

/** Returns the nodes of a text; strings become text nodes. */
export const inline = (text, depth) => new Inline(text, depth).render();
