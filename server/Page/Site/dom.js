// Elements without markup: text stays text, whoever wrote it.

/** Makes an element. `on` holds listeners, `data` goes to dataset, `text` is text; everything else is an attribute. Children may be lists. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (name === "text") {
      node.textContent = value;
    } else if (name === "on") {
      for (const [type, listener] of Object.entries(value)) {
        node.addEventListener(type, listener);
      }
    } else if (name === "data") {
      Object.assign(node.dataset, value);
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  append(node, children);
  return node;
}

// One by one: a call takes only so many arguments, and a model may write more.
function append(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) {
      append(node, child);
    } else if (child !== null && child !== undefined) {
      node.append(child);
    }
  }
}

const svgNamespace = "http://www.w3.org/2000/svg";

/** An icon of the page's own set, by the id of its symbol. */
export function icon(name) {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svgNamespace, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export const $ = id => document.getElementById(id);

/** Says something to screen readers. The same text twice is said twice. */
export function announce(text) {
  const region = $("announcer");
  region.replaceChildren();
  // An emptied region is noticed only in a later frame.
  setTimeout(() => { region.textContent = text; }, 50);
}

/** Shows a short note at the edge, with an action if there is one. */
export function toast(text, action, run) {
  const note = el("div", { class: "toast" }, el("span", { text }));
  if (action) {
    note.append(el("button", { type: "button", class: "link", text: action, on: { click: () => { note.remove(); run(); } } }));
  }
  $("toasts").replaceChildren(note);
  setTimeout(() => note.remove(), action ? 8000 : 3500);
}

/** Calls at most once per frame, with the last arguments. */
export function perFrame(run) {
  let pending = null;
  return (...last) => {
    const idle = pending === null;
    pending = last;
    if (idle) {
      requestAnimationFrame(() => {
        const given = pending;
        pending = null;
        run(...given);
      });
    }
  };
}
