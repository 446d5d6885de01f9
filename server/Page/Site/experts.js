// The distribution of tokens over experts, as a map of layers and experts and as a table.

import { $, el } from "./dom.js";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
// Twice an even share gets the darkest colour.
const darkest = 2, many = 12;

export class ExpertMap {
  #root;
  #cells = [];
  #shape = "";
  #recent = false;
  #last = null;
  #owned = "";
  #pointed = null;

  constructor(root) {
    this.#root = root;
    const choices = [...document.querySelectorAll("input[name=expert-span]")];
    choices.forEach(choice => choice.addEventListener("change", () => {
      this.#recent = choice.value === "recent";
      if (this.#last) {
        this.show(...this.#last);
      }
    }));
    for (const type of ["pointerover", "pointerdown"]) {
      root.addEventListener(type, event => this.#explain(event.target.closest("[data-at]")));
    }
    root.addEventListener("pointerleave", () => this.#explain(null));
    $("expert-table").addEventListener("toggle", () => this.#table());
  }

  /** Shows the counts, or their increase since an earlier reading. */
  show(now, earlier) {
    this.#last = [now, earlier];
    const { tokens, first_layer: first } = now.experts;
    $("experts-part").hidden = tokens.length === 0;
    if (tokens.length === 0) {
      return;
    }
    const same = this.#recent && earlier.experts.tokens.length === tokens.length;
    const counts = tokens.map((row, layer) => row.map((count, e) => count - (same ? earlier.experts.tokens[layer][e] : 0)));
    this.#build(tokens.length, tokens[0].length, first);
    this.rows = counts.map(row => {
      const sum = row.reduce((a, b) => a + b, 0);
      return row.map(count => ({ count, ratio: sum > 0 ? (count / sum) * row.length : 0 }));
    });
    this.rows.forEach((row, layer) => row.forEach(({ ratio }, e) => {
      this.#cells[layer][e].style.setProperty("--load", `${Math.round(Math.min(1, ratio / darkest) * 100)}%`);
    }));
    this.#owners(now.silos, first);
    const busiest = this.rows.flatMap((row, layer) => row.map((cell, e) => ({ ...cell, layer, e }))).reduce((a, b) => (b.ratio > a.ratio ? b : a));
    this.summary = busiest.ratio > 0
      ? `Busiest: expert ${busiest.e} of layer ${busiest.layer + first} with ${busiest.ratio.toFixed(1)} times an even share.`
      : "No tokens yet. A row for each layer, a column for each expert.";
    this.#root.setAttribute("aria-label", `Map of tokens by layer and expert. ${this.summary}`);
    this.#explain(this.#pointed);
    this.#table();
  }

  #build(layers, experts, first) {
    const shape = `${layers} ${experts} ${first}`;
    if (shape === this.#shape) {
      return;
    }
    this.#shape = shape;
    this.first = first;
    this.#root.style.setProperty("--experts", experts);
    this.#root.classList.toggle("dense", layers > many);
    this.#cells = Array.from({ length: layers }, (_, layer) =>
      Array.from({ length: experts }, (__, e) => el("i", { class: "cell", data: { at: `${layer} ${e}` } })));
    this.#root.replaceChildren(...this.#cells.flatMap((row, layer) => [el("b", { text: layer + first }), ...row]));
    const every = experts > 32 ? 8 : experts > 16 ? 4 : 1;
    this.#root.append(el("b", {}), ...Array.from({ length: experts }, (_, e) => el("b", { class: "foot", text: e % every === 0 ? e : "" })));
  }

  #owners(silos, first) {
    const key = JSON.stringify([this.#shape, silos.map(silo => [silo.name, silo.experts])]);
    if (key === this.#owned) {
      return;
    }
    this.#owned = key;
    const several = silos.length > 1;
    this.owner = (layer, e) => silos.findIndex(silo => silo.experts.some(group =>
      layer >= group.layers[0] && layer <= group.layers[1] && e >= group.experts[0] && e <= group.experts[1]));
    this.names = silos.map(silo => silo.name);
    this.#root.classList.toggle("owned", several);
    this.#cells.forEach((row, layer) => row.forEach((cell, e) => {
      const owner = several ? this.owner(layer + first, e) : -1;
      cell.className = owner < 0 ? "cell" : `cell silo-${owner % 6}`;
    }));
  }

  #explain(cell) {
    this.#pointed = cell;
    if (!cell) {
      $("expert-word").textContent = this.summary ?? "";
      return;
    }
    const [layer, e] = cell.dataset.at.split(" ").map(Number), { count, ratio } = this.rows[layer][e];
    const owner = this.names.length > 1 ? this.owner(layer + this.first, e) : -1;
    $("expert-word").textContent = `Layer ${layer + this.first}, expert ${e}: ${whole.format(count)} tokens, ${ratio.toFixed(2)} times an even share`
      + (owner < 0 ? "." : `, on ${this.names[owner]}.`);
  }

  // The table is built only while it is open.
  #table() {
    if (!$("expert-table").open || !this.rows) {
      return;
    }
    $("expert-rows").replaceChildren(
      el("thead", {}, el("tr", {}, el("th", { scope: "col", text: "Layer" }), ...this.rows[0].map((_, e) => el("th", { scope: "col", text: `Expert ${e}` })))),
      el("tbody", {}, ...this.rows.map((row, layer) => el("tr", {},
        el("th", { scope: "row", text: layer + this.first }), ...row.map(({ count }) => el("td", { text: whole.format(count) }))))));
  }
}
