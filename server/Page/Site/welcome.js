// The content of an empty chat: a description of the model and example questions.

import { el, icon } from "./dom.js";

const cars = sentence => `请提取下列文章中包含的车系：\n${sentence}\n`;

// Questions that the bundled model was trained on; see demo-model/README.md.
const demo = {
  lead: "This demo model has five million parameters. It names the car series in a Chinese sentence, answers short questions and adds small numbers; of everything else it knows nothing.",
  prompts: [
    { title: "Find the cars", text: cars("邻居家新买的奥迪a6l停在楼下,颜色是深蓝色。"), shown: "邻居家新买的奥迪a6l停在楼下,颜色是深蓝色。" },
    { title: "Several at once", text: cars("汉兰达、奇骏和奥德赛都在考虑范围之内。"), shown: "汉兰达、奇骏和奥德赛都在考虑范围之内。" },
    { title: "A capital", text: "What is the capital of France?" },
    { title: "A small sum", text: "What is 3+5?" },
    { title: "A word", text: "How do you say \"water\" in Chinese?" },
    { title: "Who is there", text: "你是谁？" },
  ],
};

const general = {
  lead: "Ask something, or begin with one of these.",
  prompts: [
    { title: "Explain", text: "Explain how a mixture-of-experts language model decides which experts a token goes to." },
    { title: "Write", text: "Write a C# function that merges two sorted arrays, with a short explanation." },
    { title: "Translate", text: "把下面这句话翻译成英文，并解释其中的成语：他做事总是画蛇添足。" },
    { title: "Compare", text: "Compare trains and planes for a trip of 800 km, in a table." },
  ],
};

/** Builds the content of an empty chat. `ask` sends a text. */
export function welcome(model, ask) {
  const { lead, prompts } = /demo/i.test(model ?? "") ? demo : general;
  return el("div", { class: "welcome" },
    el("div", { class: "welcome-mark" }, icon("mark")),
    el("h1", { text: model ? `Chat with ${model}` : "Chat" }),
    el("p", { class: "lead", text: lead }),
    el("ul", { class: "prompts" }, ...prompts.map(prompt => el("li", {},
      el("button", { type: "button", class: "prompt", on: { click: () => ask(prompt.text) } },
        el("span", { class: "prompt-title", text: prompt.title }),
        el("span", { class: "prompt-text", dir: "auto", text: prompt.shown ?? prompt.text }))))));
}
