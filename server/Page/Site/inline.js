// Converts inline markdown to nodes: code, emphasis, links, entities, breaks. Every scan is linear in the length of the text.

import { el } from "./dom.js";
import { maxAddress, safeAddress } from "./address.js";
import { entityAt, decode } from "./entities.js";

// Delimiters that wait for their closing one. The oldest become text if there are more, which bounds the work and the depth of nesting.
const maxDelimiters = 16, maxRun = 8;
const space = /\s/, mark = /[\p{P}\p{S}]/u, wordCharacter = /[\p{L}\p{N}_]/u, escapable = /[!-/:-@[-`{-~]/;
// Letters and marks of Chinese, Japanese and Korean, which are written without spaces.
const eastAsian = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Bopo}\u3000-\u303f\uff00-\uffef]/u;

const link = (href, children) => el("a", { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow" }, children);

const special = /[\\`*_~[!h&<\n]/g;
const bareAddress = /https?:\/\/[^\s<>"`\u3000-\u303f\uff00-\uffef]+/y, angled = /<(https?:\/\/[^\s<>]*)>/y, lineBreak = /<br *\/?>/iy;
const title = /\s+(?:"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\((?:[^()\\]|\\[^])*\))\s*\)/y, maxTitle = 1000;

const before = (text, at) => (/[\udc00-\udfff]/.test(text[at - 1] ?? "") ? text.slice(at - 2, at) : text[at - 1] ?? " ");
const after = (text, at) => (at < text.length ? String.fromCodePoint(text.codePointAt(at)) : " ");

// Whether emphasis may open before a text or close after it. As CommonMark says, but a mark beside Chinese, Japanese or Korean, as in
// **“a”**b with b in Chinese, counts like one beside a space.
function flanks(inner, outer) {
  return !space.test(inner) && (!mark.test(inner) || eastAsian.test(inner) || space.test(outer) || mark.test(outer) || eastAsian.test(outer));
}

class Inline {
  #parts = [];
  #delimiters = [];
  #plain = "";
  #brackets = null;
  #ticks = null;

  constructor(text, definitions, inLink) {
    this.text = text;
    this.definitions = definitions;
    this.inLink = inLink;
  }

  render() {
    const { text } = this;
    for (let at = 0; at < text.length;) {
      special.lastIndex = at;
      const next = special.exec(text)?.index ?? text.length;
      this.#plain += text.slice(at, next);
      at = next < text.length ? next + this.#take(next) : next;
    }
    this.#flush();
    return this.#parts.filter(part => part !== "");
  }

  #flush() {
    if (this.#plain) {
      this.#parts.push(this.#plain);
      this.#plain = "";
    }
  }

  #add(node, length) {
    this.#flush();
    this.#parts.push(node);
    return length;
  }

  #write(text, length = text.length) {
    this.#plain += text;
    return length;
  }

  // Reads what begins at a special character. Returns the number of characters read.
  #take(at) {
    const { text } = this, c = text[at];
    switch (c) {
      case "\n":
        this.#plain = this.#plain.replace(/(?<! ) +$/, "");
        return this.#add(el("br"), 1);
      case "\\":
        // A backslash at the end of a line is a break, which the line has anyway.
        return text[at + 1] === "\n" ? 1 : escapable.test(text[at + 1] ?? "") ? this.#write(text[at + 1], 2) : this.#write(c);
      case "`":
        return this.#code(at);
      case "h":
        return this.#bare(at);
      case "&": {
        const entity = entityAt(text, at);
        return entity ? this.#write(entity.text, entity.length) : this.#write(c);
      }
      case "<":
        return this.#angle(at);
      case "[":
        return this.#link(at, at);
      case "!":
        return text[at + 1] === "[" ? this.#link(at, at + 1) : this.#write(c);
      default:
        return this.#emphasis(at, c);
    }
  }

  // The end of the code that begins at a run of backticks: the index of the next run of the same length, or -1. All runs are found in one pass.
  #codeEnd(from, length) {
    if (!this.#ticks) {
      this.#ticks = new Map();
      for (const { 0: { length: size }, index } of this.text.matchAll(/`+/g)) {
        if (!this.#ticks.has(size)) {
          this.#ticks.set(size, []);
        }
        this.#ticks.get(size).push(index);
      }
    }
    return firstFrom(this.#ticks.get(length) ?? [], from);
  }

  #code(at) {
    let open = at;
    while (this.text[open] === "`") {
      open++;
    }
    const end = this.#codeEnd(open, open - at);
    if (end < 0) {
      return this.#write(this.text.slice(at, open));
    }
    const inner = this.text.slice(open, end).replaceAll("\n", " ");
    const text = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() ? inner.slice(1, -1) : inner;
    return this.#add(el("code", { text }), end + open - at - at);
  }

  #bare(at) {
    bareAddress.lastIndex = at;
    const found = this.inLink || wordCharacter.test(this.text[at - 1] ?? "") ? null : bareAddress.exec(this.text);
    if (!found) {
      return this.#write("h");
    }
    let end = found[0].length;
    while (".,;:!?*_~'\")]}".includes(found[0][end - 1])) {
      end--;
    }
    const address = found[0].slice(0, end), href = safeAddress(address);
    return href ? this.#add(link(href, address), end) : this.#write(address);
  }

  #angle(at) {
    lineBreak.lastIndex = at;
    const end = lineBreak.exec(this.text);
    if (end) {
      return this.#add(el("br"), end[0].length);
    }
    angled.lastIndex = at;
    const found = this.inLink ? null : angled.exec(this.text), href = found && safeAddress(found[1]);
    return href ? this.#add(link(href, found[1]), found[0].length) : this.#write("<");
  }

  // A link or an image, which is shown as a link. Links cannot be nested.
  #link(at, bracket) {
    const close = this.inLink ? undefined : this.#closing(bracket);
    if (close === undefined) {
      return this.#write(this.text[at]);
    }
    const found = (this.text[close + 1] === "(" ? this.#target(close + 2) : null) ?? this.#reference(bracket, close);
    if (!found) {
      return this.#write(this.text[at]);
    }
    const label = this.text.slice(bracket + 1, close);
    return this.#add(link(found.href, label.trim() === "" ? found.href : new Inline(label, this.definitions, true).render()), found.end - at);
  }

  // What follows a label in round brackets.
  #target(from) {
    const { text } = this;
    let at = from;
    while (text[at] === " " || text[at] === "\n") {
      at++;
    }
    let address;
    if (text[at] === "<") {
      let end = at + 1;
      while (end - at < maxAddress && end < text.length && !"<>\n".includes(text[end])) {
        end += text[end] === "\\" ? 2 : 1;
      }
      if (text[end] !== ">") {
        return null;
      }
      address = text.slice(at + 1, end);
      at = end + 1;
    } else {
      let end = at, open = 0;
      for (; end < text.length && end - at < maxAddress && !space.test(text[end]) && !(text[end] === ")" && open === 0); end++) {
        open += text[end] === "(" ? 1 : text[end] === ")" ? -1 : 0;
        end += text[end] === "\\" && escapable.test(text[end + 1] ?? "") ? 1 : 0;
      }
      address = text.slice(at, end);
      at = end;
    }
    const href = safeAddress(decode(address));
    if (!href) {
      return null;
    }
    title.lastIndex = 0;
    const rest = text.slice(at, at + maxTitle), titled = title.exec(rest);
    const end = titled ? at + titled[0].length : at + /^\s*/.exec(rest)[0].length + 1;
    return text[end - 1] === ")" ? { href, end } : null;
  }

  #reference(bracket, close) {
    const second = this.text[close + 1] === "[" ? this.#closing(close + 1) : undefined;
    const label = second === undefined || second === close + 2 ? [bracket + 1, close] : [close + 2, second];
    const href = this.definitions.find(this.text, ...label);
    return href && { href, end: second === undefined ? close + 1 : second + 1 };
  }

  // The index of the bracket that closes the one at an index. All brackets outside of code are matched in one pass.
  #closing(bracket) {
    if (!this.#brackets) {
      this.#brackets = new Map();
      const open = [];
      for (let i = 0; i < this.text.length; i++) {
        const c = this.text[i];
        if (c === "\\") {
          i++;
        } else if (c === "`") {
          let from = i;
          while (this.text[from] === "`") {
            from++;
          }
          const end = this.#codeEnd(from, from - i);
          i = (end < 0 ? from : end + from - i) - 1;
        } else if (c === "[") {
          open.push(i);
        } else if (c === "]" && open.length > 0) {
          this.#brackets.set(open.pop(), i);
        }
      }
    }
    return this.#brackets.get(bracket);
  }

  #emphasis(at, c) {
    const { text } = this;
    let end = at + 1;
    while (text[end] === c) {
      end++;
    }
    const size = end - at, outerLeft = before(text, at), outerRight = after(text, end);
    if (size > maxRun || (c === "~" && size !== 2)) {
      return this.#write(text.slice(at, end));
    }
    const left = flanks(outerRight, outerLeft), right = flanks(outerLeft, outerRight), word = c === "_";
    const delimiter = {
      c, size, count: size, opens: left && (!word || !right || mark.test(outerLeft)), closes: right && (!word || !left || mark.test(outerRight)),
    };
    this.#flush();
    if (delimiter.closes) {
      this.#close(delimiter);
    }
    if (delimiter.count > 0) {
      if (delimiter.opens) {
        delimiter.part = this.#parts.length;
        this.#delimiters.push(delimiter);
        if (this.#delimiters.length > maxDelimiters) {
          this.#delimiters.shift();
        }
      }
      this.#parts.push(c.repeat(delimiter.count));
    }
    return size;
  }

  // Emphasises what is between a closing delimiter and those that it closes.
  #close(closer) {
    for (let i = this.#delimiters.length - 1; i >= 0 && closer.count > 0; i--) {
      const opener = this.#delimiters[i];
      // The rule of CommonMark for runs that may both open and close, which tells *a**b* from *a* *b*.
      const odd = (opener.closes || closer.opens) && closer.size % 3 !== 0 && (opener.size + closer.size) % 3 === 0;
      if (opener.c !== closer.c || odd) {
        continue;
      }
      this.#delimiters.length = i + 1;
      while (closer.count > 0 && opener.count > 0) {
        // Three on both sides are bold around italic.
        const used = opener.count === 3 && closer.count === 3 ? 1 : Math.min(opener.count, closer.count, 2);
        const inner = this.#parts.splice(opener.part + 1);
        opener.count -= used;
        closer.count -= used;
        this.#parts[opener.part] = opener.c.repeat(opener.count);
        this.#parts.push(el(opener.c === "~" ? "del" : used === 2 ? "strong" : "em", {}, inner.filter(part => part !== "")));
      }
      this.#delimiters.length = opener.count > 0 ? i + 1 : i;
    }
  }
}

// The first of ascending numbers that is at least a given one, or -1.
function firstFrom(numbers, least) {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < least) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return numbers[low] ?? -1;
}

/** Returns the nodes of a text; strings become text nodes. */
export const inline = (text, definitions) => new Inline(text.replace(/(?<! ) +$/, ""), definitions, false).render();
