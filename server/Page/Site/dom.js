// Creates elements without parsing markup: text is always inserted as text.

/** Creates an element. `on` holds listeners, `data` becomes dataset, `text` is text; everything else is an attribute. Children may be lists. */
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

// One at a time: the number of arguments of a call is limited, and a model may write more nodes.
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

/** Creates an icon from the id of its symbol. */
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

/** Announces a text to screen readers, even if it equals the previous one. */
export function announce(text) {
  const region = $("announcer");
  region.replaceChildren();
  // Screen readers notice the emptied region only in a later frame.
  setTimeout(() => { region.textContent = text; }, 50);
}

/** Shows a short note at the edge of the page, with an action if one is given. */
export function toast(text, action, run) {
  const note = el("div", { class: "toast" }, el("span", { text }));
  if (action) {
    note.append(el("button", { type: "button", class: "link", text: action, on: { click: () => { note.remove(); run(); } } }));
  }
  $("toasts").replaceChildren(note);
  setTimeout(() => note.remove(), action ? 8000 : 3500);
}

/** Returns a function that calls at most once per frame, with the last arguments. */
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
