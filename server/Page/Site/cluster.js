// The Cluster tab: reads /cluster once a second while it is visible, and shows counters, silos and experts.

import { $, el } from "./dom.js";
import { read } from "./api.js";
import { ExpertMap } from "./experts.js";

const interval = 1000, historyLength = 60;
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let power = 0;
  for (; count >= 1000 && power < units.length - 1; power++) {
    count /= 1000;
  }
  return `${count >= 100 || power === 0 ? whole.format(count) : count.toFixed(1)} ${units[power]}`;
}

const rangeText = ([first, last]) => (first === last ? `${first}` : `${first}–${last}`);
const plural = (count, one) => `${whole.format(count)} ${one}${count === 1 ? "" : "s"}`;

// Groups experts of the same layers: "0–3, 7 in layers 1–11".
function expertsText(groups) {
  const byLayers = new Map();
  for (const { layers, experts } of groups) {
    const key = rangeText(layers);
    byLayers.set(key, [...(byLayers.get(key) ?? []), rangeText(experts)]);
  }
  return [...byLayers].map(([layers, experts]) => `${experts.join(", ")} in layers ${layers}`).join("; ");
}

function loadingText({ total_bytes: total, bytes_left: left, seconds_left: seconds }) {
  return `${bytes(total - left)} of ${bytes(total)} loaded${seconds === null ? "" : `, about ${whole.format(Math.ceil(seconds))} s left`}`;
}

export class ClusterView {
  #root;
  #timer = 0;
  #watching = false;
  #past = [];
  #experts;
  #parts = null;

  constructor(root) {
    this.#root = root;
    document.addEventListener("visibilitychange", () => this.refresh());
  }

  /** Starts or stops polling. */
  watch(on) {
    this.#watching = on;
    this.refresh();
  }

  /** Reads now if the tab is visible. */
  refresh() {
    clearTimeout(this.#timer);
    if (this.#watching && document.visibilityState === "visible") {
      this.#read();
    }
  }

  async #read() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    try {
      const now = await read("cluster");
      if (turn === this.turn) {
        this.#show(now);
      }
    } catch (error) {
      if (turn === this.turn) {
        this.#fail(error);
      }
    }
    if (turn === this.turn && this.#watching) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), interval);
    }
  }

  #fail(error) {
    $("cluster-error").hidden = false;
    $("cluster-error-text").textContent = error.message;
    this.#root.classList.toggle("stale", this.#parts !== null);
  }

  #show(now) {
    const last = this.#past.at(-1);
    // After a restart the server's counters begin at 0, and its clock may too.
    if (last && (now.seconds <= last.seconds || now.engine.steps < last.engine.steps)) {
      this.#past = [];
    }
    this.#past.push(now);
    this.#past.splice(0, this.#past.length - historyLength - 1);
    this.#parts ??= this.#build();
    $("cluster-error").hidden = !now.model.problem;
    $("cluster-error-text").textContent = now.model.problem ?? "";
    this.#root.classList.remove("stale");
    this.#numbers(now);
    this.#silos(now);
    this.#experts.show(now, this.#past[0]);
  }

  #build() {
    const tile = (name, label) => {
      const value = el("dd", {}), note = el("dd", { class: "note" }), extra = el("dd", { class: "extra", "aria-hidden": "true" });
      this.#root.querySelector(".tiles").append(el("div", { class: `tile tile-${name}` }, el("dt", { text: label }), value, note, extra));
      return { value, note, extra };
    };
    const parts = {
      rate: tile("rate", "Answer tokens/s"), prompts: tile("prompts", "Prompt tokens/s"), queue: tile("queue", "Answers"), kv: tile("kv", "KV blocks"),
    };
    const svg = "http://www.w3.org/2000/svg";
    for (const part of [parts.rate, parts.prompts]) {
      const chart = document.createElementNS(svg, "svg");
      chart.setAttribute("viewBox", "0 0 100 28");
      chart.setAttribute("preserveAspectRatio", "none");
      part.area = document.createElementNS(svg, "polygon");
      part.line = document.createElementNS(svg, "polyline");
      chart.append(part.area, part.line);
      part.extra.append(chart);
    }
    parts.bars = ["used", "cached"].map(name => el("span", { class: `bar-${name}` }));
    parts.kv.extra.append(el("div", { class: "bar" }, ...parts.bars));
    this.#experts = new ExpertMap($("experts"));
    return parts;
  }

  #rates(counter) {
    return this.#past.slice(1).map((now, i) => (counter(now.engine) - counter(this.#past[i].engine)) / (now.seconds - this.#past[i].seconds));
  }

  #numbers({ engine, model, plan }) {
    const { rate, prompts, queue, kv, bars } = this.#parts;
    this.#chart(rate, this.#rates(e => e.answer_tokens), `${short.format(engine.answer_tokens)} so far`);
    const share = engine.prompt_tokens > 0 ? engine.cached_prompt_tokens / engine.prompt_tokens : 0;
    this.#chart(prompts, this.#rates(e => e.prompt_tokens), `${short.format(engine.prompt_tokens)} so far, ${whole.format(share * 100)} % from the prefix cache`);
    queue.value.textContent = `${whole.format(engine.running)} running`;
    queue.note.textContent = `${whole.format(engine.waiting)} waiting · ${short.format(engine.finished)} finished · ${short.format(engine.cancelled)} stopped · ${short.format(engine.failed)} failed`;
    const blocks = engine.kv_blocks, part = count => (blocks.total > 0 ? (count / blocks.total) * 100 : 0);
    kv.value.textContent = `${part(blocks.used).toFixed(blocks.used > 0 && part(blocks.used) < 10 ? 1 : 0)} % used`;
    kv.note.textContent = `${whole.format(blocks.used)} used, ${whole.format(blocks.cached)} cached, ${whole.format(blocks.free)} free of ${whole.format(blocks.total)}`;
    bars[0].style.width = `${part(blocks.used)}%`;
    bars[1].style.width = `${part(blocks.cached)}%`;
    const facts = [plural(model.layers, "layer"), model.experts > 1 ? `${model.experts} experts per layer, ${model.experts_per_token} per token` : "no experts",
      `context ${whole.format(model.max_context)} tokens`, plan.single_process ? "one process" : `plan ${plan.version}`];
    if (!plan.single_process) {
      facts.push(plural(plan.switches, "change") + " of plan", plural(plan.retries, "step") + " sent again");
    }
    if (model.loading) {
      facts.push(loadingText(model.loading));
    }
    $("cluster-model").textContent = model.name;
    $("cluster-facts").textContent = facts.join(" · ");
  }

  #chart(part, rates, note) {
    const latest = rates.slice(-3), value = latest.length > 0 ? latest.reduce((a, b) => a + b) / latest.length : 0;
    part.value.textContent = value > 0 && value < 10 ? value.toFixed(1) : whole.format(value);
    part.note.textContent = note;
    const top = Math.max(1, ...rates);
    const points = rates.map((rate, i) => `${(100 - (rates.length - 1 - i) * (100 / (historyLength - 1))).toFixed(2)},${(27 - (rate / top) * 25).toFixed(2)}`);
    part.line.setAttribute("points", points.join(" "));
    const left = points[0]?.split(",")[0] ?? "100";
    part.area.setAttribute("points", points.length > 1 ? `${left},28 ${points.join(" ")} 100,28` : "");
  }

  #silos({ silos, plan }) {
    // Only changed parts are replaced, so that nothing moves while it is read.
    const seen = JSON.stringify(silos);
    if (seen === this.seen) {
      return;
    }
    this.seen = seen;
    $("silos-title").textContent = silos.length === 0 ? "No silo is known" : plural(silos.length, "silo");
    $("silos").replaceChildren(...silos.map((silo, i) => el("li", { class: `silo state-${silo.state}` },
      el("div", { class: "silo-head" },
        el("span", { class: `swatch silo-${i % 6}` }),
        el("h3", { text: silo.name }),
        silo.home ? el("span", { class: "badge", text: plan.single_process ? "this process" : "scheduler" }) : null,
        silo.state === "ready" ? null : el("span", { class: "badge warn", text: { silent: "no answer", left_out: "left out" }[silo.state] ?? silo.state })),
      el("dl", { class: "pairs" }, ...[
        silo.reason ? ["Takes no part", silo.reason] : null,
        ["Layers", silo.layers.map(rangeText).join(", ") || "none"],
        ["Experts", expertsText(silo.experts) || "none"],
        ["Weights", bytes(silo.weight_bytes)],
        ["KV memory", bytes(silo.kv_bytes)],
        silo.sessions === null ? null : ["Sessions", whole.format(silo.sessions)],
        silo.steps === null ? null : ["Steps", short.format(silo.steps)],
      ].filter(Boolean).flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])))));
  }
}
