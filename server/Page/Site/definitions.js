// The definitions of links that markdown refers to by a label, as in [label]: address "title".

import { safeAddress } from "./address.js";

const maxLabel = 400;
// A title is read so that it does not show, and is not used.
const definition = new RegExp(
  `\\[((?:[^\\[\\]\\\\]|\\\\[^]){1,${maxLabel}})\\]:[ \\t]*(?:\\n[ \\t]*)?(?:<([^<>\\n]*)>|([^\\s<]\\S*))`
  + "(?:(?:[ \\t]+|[ \\t]*\\n[ \\t]*)(?:\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\\n]|\\\\.)*'|\\((?:[^()\\\\\\n]|\\\\.)*\\)))?[ \\t]*(?:\\n|$)", "y");

const plain = label => label.trim().replace(/\s+/g, " ").toLowerCase();

export class Definitions {
  #addresses = new Map();

  /** Differs whenever a definition was added. */
  get stamp() {
    return JSON.stringify([...this.#addresses]);
  }

  /** Takes the definitions at the beginning of a paragraph out of it. Those with an address that is not allowed remain text. */
  take(paragraph) {
    if (paragraph.lines[0]?.[0] !== "[") {
      return;
    }
    const text = paragraph.lines.join("\n");
    let at = 0;
    for (definition.lastIndex = 0; ;) {
      const found = definition.exec(text);
      const address = found && found[1].trim() !== "" ? safeAddress(found[2] ?? found[3]) : null;
      if (!address) {
        break;
      }
      const label = plain(found[1]);
      if (!this.#addresses.has(label)) {
        this.#addresses.set(label, address);
      }
      at = definition.lastIndex;
    }
    if (at > 0) {
      const rest = text.slice(at);
      paragraph.start += paragraph.lines.length;
      paragraph.lines = rest === "" ? [] : rest.split("\n");
      paragraph.start -= paragraph.lines.length;
    }
  }

  /** The address of the label between two indices of a text, or null. */
  find(text, from, to) {
    return this.#addresses.size > 0 && to - from <= maxLabel ? this.#addresses.get(plain(text.slice(from, to))) ?? null : null;
  }
}
