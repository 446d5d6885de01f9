// Text files that are sent with a message: reading them, showing them, and their form in the request.

import { el, icon, toast } from "./dom.js";

const maxBytes = 256 * 1024, maxFiles = 8;
// What text does not contain: control characters other than tabs and line ends.
const binary = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/;

export function sizeText(length) {
  return length < 1000 ? `${length} B` : `${(length / 1000).toFixed(length < 9950 ? 1 : 0)} kB`;
}

// Returns the name and the text of a file.
async function read(file) {
  if (file.size > maxBytes) {
    throw new Error(`${file.name} is too large: ${sizeText(file.size)}, at most ${sizeText(maxBytes)}.`);
  }
  let content;
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
    content = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    content = null;
  }
  if (content === null || binary.test(content)) {
    throw new Error(`${file.name} is no text in UTF-8.`);
  }
  // Characters that are not seen could make a name look like another.
  return { name: file.name.replace(/[\p{Cc}\p{Cf}]/gu, ""), content };
}

/** The text of a message as it is sent: each file in a fence with its name, then what was written. */
export function textWithFiles({ content, files = [] }) {
  const blocks = files.map(file => {
    const longest = Math.max(2, ...[...file.content.matchAll(/`+/g)].slice(0, 10000).map(run => run[0].length));
    const fence = "`".repeat(longest + 1);
    return `${fence}${file.name.replace(/[\s`]+/g, " ")}\n${file.content.replace(/\r?\n$/, "")}\n${fence}`;
  });
  return [...blocks, ...(content ? [content] : [])].join("\n\n");
}

/** Shows a file of a message that was sent. */
export const fileNode = ({ name, content }) => el("details", { class: "file" },
  el("summary", {}, icon("file"), el("span", { class: "file-name", dir: "auto", text: name }), el("span", { class: "file-size", text: sizeText(content.length) })),
  el("pre", { tabindex: "0", "aria-label": name, dir: "auto", text: content }));

/** The files of the message that is being written. */
export class Attachments {
  #list;
  #changed;
  files = [];

  /** `changed` is called when the list of files has changed. */
  constructor(list, changed) {
    this.#list = list;
    this.#changed = changed;
  }

  /** Adds files, and tells which cannot be added. */
  async add(files) {
    const errors = [];
    for (const file of files) {
      try {
        const found = await read(file);
        if (this.files.length >= maxFiles) {
          throw new Error(`A message can have at most ${maxFiles} files.`);
        }
        this.files.push(found);
      } catch (error) {
        errors.push(error.message);
      }
    }
    if (errors.length > 0) {
      toast([...new Set(errors)].join(" "));
    }
    this.#show();
  }

  /** Returns the files and forgets them. */
  take() {
    const { files } = this;
    this.files = [];
    this.#show();
    return files;
  }

  #show() {
    this.#list.hidden = this.files.length === 0;
    this.#list.replaceChildren(...this.files.map(file => el("li", { class: "chip" },
      icon("file"),
      el("span", { class: "file-name", dir: "auto", text: file.name, title: file.name }),
      el("span", { class: "file-size", text: sizeText(file.content.length) }),
      el("button", { type: "button", class: "action", "aria-label": `Remove ${file.name}`, title: "Remove", on: { click: () => this.#remove(file) } }, icon("close")))));
    this.#changed();
  }

  #remove(file) {
    this.files = this.files.filter(other => other !== file);
    this.#show();
  }
}
