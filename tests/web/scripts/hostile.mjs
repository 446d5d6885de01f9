// Text that tries to become markup or code, from the model, from the user and from storage.
import { assert } from "./support.mjs";

const attacks = [
  "<script>boom()</script>", "<img src=x onerror=boom()>", "<svg onload=boom()><a xlink:href=javascript:boom()>x</a></svg>",
  "<iframe srcdoc='<script>parent.boom()</script>'></iframe>", "<a href=\"javascript:boom()\">x</a>", "<style>body{display:none}</style>",
  "<meta http-equiv=refresh content='0;url=https://example.org'>", "<base href=https://example.org>", "<form action=https://example.org><input autofocus onfocus=boom()></form>",
  "[x](javascript:boom())", "[x](JaVaScRiPt:boom())", "[x](java\tscript:boom())", "[x](&#106;avascript:boom())", "[x](data:text/html,<script>boom()</script>)",
  "[x](vbscript:boom())", "[x](//example.org)", "[x](file:///etc/passwd)", "[x](https://example.org/\"onmouseover=\"boom())", "[x](https://example.org 'a' onclick=boom())",
  "![x](https://example.org/track.png)", "![x](x\"onerror=\"boom())", "<https://example.org/?<script>boom()</script>>", "https://example.org/\"><script>boom()</script>",
  "[<img src=x onerror=boom()>](https://example.org)", "`<img src=x onerror=boom()>`", "```\"><img src=x onerror=boom()>\n</code></pre><script>boom()</script>\n```",
  "```<script>boom()</script>", "| <img src=x onerror=boom()> | b |\n|---|---|\n| <script>boom()</script> | [x](javascript:boom()) |",
  "# <img src=x onerror=boom()>", "> <svg onload=boom()>", "- <img src=x onerror=boom()>", "1. [a](javascript:boom())", "**<img src=x onerror=boom()>**",
  "</div></article></main><script>boom()</script>", "{{constructor.constructor('boom()')()}}", "${boom()}", "&lt;script&gt;boom()&lt;/script&gt;", "\u202etxt.exe\u202c <b>bold</b>",
  "[a]: javascript:boom()\n[a]", "<!--<img src=x onerror=boom()>-->", "<![CDATA[<img src=x onerror=boom()>]]>", "<math><mtext></form><form><mglyph><style></math><img src onerror=boom()>",
];

async function check(page, root) {
  const found = await page.tab.evaluate(selector => [...document.querySelectorAll(selector)].flatMap(node => [...node.querySelectorAll("*")]).flatMap(node => {
    const wrong = [];
    if (/^(script|img|iframe|object|embed|form|style|meta|base|link|math|video|audio|input)$/i.test(node.localName)) {
      wrong.push(`element ${node.localName}`);
    }
    for (const { name, value } of node.attributes) {
      if (name.startsWith("on") || name === "srcdoc" || name === "style" || (/href|src$/.test(name) && !/^(https?:\/\/|#icon-)/.test(value))) {
        wrong.push(`${name}=${value}`);
      }
    }
    if (node.localName === "a" && (!node.relList.contains("noopener") || node.target !== "_blank")) {
      wrong.push(`link ${node.href}`);
    }
    return wrong;
  }), root);
  assert.deepEqual(found, []);
  // Hover over and focus every element, to trigger handlers on either.
  await page.tab.evaluate(() => document.querySelectorAll(".answer *").forEach(node => {
    node.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
    node.focus?.();
  }));
}

export async function hostile_output(page) {
  await page.ask(attacks.join("\n\n"));
  await check(page, ".answer-text");
  const shown = await page.answer().locator(".answer-text").innerText();
  for (const piece of ["<img src=x onerror=boom()>", "<script>boom()</script>", "[x](javascript:boom())", "&lt;script&gt;"]) {
    assert.ok(shown.includes(piece), `${piece} is not shown as text`);
  }
  for (const attack of attacks.filter((_, i) => i % 8 === 0)) {
    await page.ask(`slow 5:${attack}`);
    await check(page, ".answer-text");
  }
  assert.ok((await page.tab.locator(".answer-text a").count()) > 0, "good links stay links");
}

export async function hostile_input(page) {
  for (const attack of attacks.slice(0, 6)) {
    await page.tab.click("#new-chat");
    await page.ask(attack);
    assert.equal(await page.tab.locator(".bubble").innerText(), attack);
    await check(page, ".question, .chat-list, #announcer");
  }
  await page.tab.click("#open-settings");
  await page.tab.fill("#system", attacks[1]);
  await page.tab.keyboard.press("Escape");
  await page.ask(attacks[0]);
  await page.load();
  await check(page, ".answer-text, .question, .chat-list");
}

export async function hostile_storage(page) {
  await page.tab.evaluate(list => {
    localStorage["hunyuan.theme"] = "\"><script>boom()</script>";
    localStorage["hunyuan.settings"] = "{\"system\":{\"a\":1},\"temperature\":\"<b>\",\"top_p\":99}";
    localStorage["hunyuan.chat.1"] = "not json";
    localStorage["hunyuan.chat.2"] = "{\"id\":\"2\"}";
    localStorage["hunyuan.chat.3"] = JSON.stringify({ id: "\"]<img>", title: { a: 1 }, messages: [null, 3, { role: "system", content: "x" }, { role: "user" }] });
    localStorage["hunyuan.chat.4"] = JSON.stringify({
      id: "4", title: list[1], created: "x", updated: 1e15,
      messages: [{ role: "user", content: list[0] }, { role: "assistant", content: list.join("\n\n"), tokens: 3, rate: "fast", first: 5, finish: list[1] }],
    });
  }, attacks);
  await page.load();
  assert.equal(await page.tab.locator(".chat").count(), 2);
  await check(page, ".answer-text, .question, .chat-list");
  assert.equal(await page.tab.locator(".bubble").innerText(), attacks[0]);
  await page.tab.click("#new-chat");
  await page.ask("works");
  assert.equal(await page.answer().locator(".answer-text").innerText(), "works");
}
