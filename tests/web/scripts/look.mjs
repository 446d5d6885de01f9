// Scrolling, tabs, the cluster, phones and accessibility. Writes the screenshots.
import { assert } from "./support.mjs";

const phoneContext = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const long = Array.from({ length: 60 }, (_, i) => `${i + 1}. item`).join("\n");
const article = `## Merging

Walk **both arrays** at once, see [the docs](https://learn.microsoft.com/dotnet/).

1. Compare the heads
2. Take the smaller one
   - ties go to the first

\`\`\`csharp
merged[k] = j == b.Length || (i < a.Length && a[i] <= b[j]) ? a[i++] : b[j++];
\`\`\`

> Both must be sorted.

| size | time |
|---|---:|
| 1,000 | 4 µs |
| 1,000,000 | 5.1 ms |`;

const away = () => {
  const area = document.querySelector("#scroller");
  return area.scrollHeight - area.clientHeight - area.scrollTop;
};

export async function scroll(page) {
  await page.type(`slow 12:${long}\n\n${long}`);
  await page.until(() => document.querySelector("#scroller").scrollTop > 200);
  await page.tab.hover("#scroller");
  await page.tab.mouse.wheel(0, -300);
  await page.until(() => !document.querySelector("#to-latest").hidden);
  const top = await page.tab.evaluate(() => document.querySelector("#scroller").scrollTop);
  await page.until(height => document.querySelector("#scroller").scrollHeight > height + 200, await page.tab.evaluate(() => document.querySelector("#scroller").scrollHeight));
  assert.ok(await page.tab.evaluate(() => document.querySelector("#scroller").scrollTop) <= top, "the page pulled the reader down");
  await page.tab.click("#to-latest");
  await page.idle();
  await page.until(() => {
    const area = document.querySelector("#scroller");
    return area.scrollHeight - area.clientHeight - area.scrollTop < 2;
  });
  assert.ok(await page.tab.locator("#to-latest").isHidden());
  assert.ok(await page.tab.evaluate(away) < 2);
}

export async function tabs(page) {
  await page.tab.focus("#tab-chat");
  await page.tab.keyboard.press("ArrowRight");
  await page.until(() => !document.querySelector("#panel-cluster").hidden);
  assert.equal(await page.tab.evaluate(() => document.activeElement.id), "tab-cluster");
  assert.equal(await page.tab.getAttribute("#tab-cluster", "aria-selected"), "true");
  assert.ok(await page.tab.locator("#panel-chat").isHidden());
  await page.tab.reload();
  await page.until(() => !document.querySelector("#panel-cluster").hidden);
  await page.tab.goBack();
  await page.until(() => !document.querySelector("#panel-chat").hidden);
  const asked = page.requests.filter(url => url.endsWith("/cluster")).length;
  await page.tab.waitForTimeout(2500);
  assert.ok(page.requests.filter(url => url.endsWith("/cluster")).length <= asked + 1, "the cluster is asked for though nobody looks");
}

export async function cluster(page) {
  await page.until(() => document.querySelectorAll(".silo").length === 3);
  assert.deepEqual(await page.texts(".silo h3"), ["silo-a", "<img src=x onerror=boom()>", "silo-c"]);
  assert.deepEqual(await page.texts(".badge"), ["scheduler", "leaving", "no answer"]);
  assert.match(await page.tab.locator(".silo").first().innerText(), /0–3[^]*0–3, 7 in layers 1–11[^]*52\.9 GB[^]*8\.1 GB[^]*14[^]*120\.3K/);
  assert.equal(await page.tab.locator(".cell").count(), 11 * 16);
  assert.match(await page.tab.getAttribute("#experts", "aria-label"), /Busiest: expert \d+ of layer \d+ with \d\.\d times an even share/);
  await page.tab.locator(".cell").nth(16).hover();
  await page.until(() => document.querySelector("#expert-word").textContent.startsWith("Layer 2, expert 0:"));
  assert.match(await page.tab.locator("#expert-word").innerText(), /tokens, \d\.\d\d times an even share, on silo-a\.$/);
  await page.picture("cluster-silos");
  await page.tab.click("summary");
  const { experts } = await page.cluster();
  const shown = await page.texts("#expert-rows tbody td");
  assert.deepEqual(shown.map(text => Number(text.replaceAll(",", ""))), experts.tokens.flat());
  await page.tab.locator(".choice label").nth(1).click();
  await page.until(() => document.querySelector("#expert-rows td").textContent === "0");
}
cluster.options = { hash: "#cluster" };

export async function demo(page) {
  await page.picture("empty");
  await page.tab.getByRole("button", { name: /奥迪a6l/ }).click();
  await page.idle();
  assert.equal(await page.answer().locator(".answer-text").innerText(), "奥迪a6l");
  await page.tab.click("#new-chat");
  await page.tab.getByRole("button", { name: /capital of France/ }).click();
  await page.idle();
  assert.equal(await page.answer().locator(".answer-text").innerText(), "The capital of France is Paris.");
  assert.match(await page.answer().locator(".facts").innerText(), /tokens\/s/);
  await page.ask("What is 3+5?");
  await page.picture("light");
  await page.tab.click("#theme");
  await page.picture("dark");
  await page.load();
  assert.equal(await page.tab.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.tab.click("#tab-cluster");
  await page.until(() => document.querySelectorAll(".cell").length === 48 && document.querySelector("#expert-word").textContent.startsWith("Busiest"));
  assert.deepEqual(await page.texts(".badge"), ["this process"]);
  const { experts, engine, silos } = await page.cluster();
  // Every token except the last of an answer goes through every layer, to one expert per layer.
  const sums = new Set(experts.tokens.map(row => row.reduce((a, b) => a + b)));
  assert.equal(sums.size, 1);
  assert.ok([...sums][0] >= engine.answer_tokens);
  assert.deepEqual(silos[0].layers, [[0, 5]]);
  await page.tab.waitForTimeout(2000);
  await page.picture("cluster-dark");
  await page.tab.click("#theme");
  await page.picture("cluster");
}
demo.options = { server: "demo", context: { colorScheme: "light" } };

export async function phone(page) {
  const wide = () => page.tab.evaluate(() => document.documentElement.scrollWidth > innerWidth || document.querySelector("#scroller").scrollWidth > document.querySelector("#scroller").clientWidth);
  await page.picture("phone-empty");
  assert.ok(!await wide());
  await page.ask(article);
  assert.ok(!await wide(), "the page is wider than the phone");
  await page.picture("phone");
  assert.ok(await page.tab.evaluate(() => document.querySelector("#sidebar").inert));
  await page.tab.tap("#open-sidebar");
  await page.until(() => document.activeElement.id === "new-chat");
  await page.picture("phone-chats");
  await page.tab.keyboard.press("Escape");
  await page.until(() => document.querySelector("#sidebar").inert && document.activeElement.id === "open-sidebar");
  await page.tab.tap("#tab-cluster");
  await page.until(() => document.querySelectorAll(".silo").length === 3);
  assert.ok(await page.tab.evaluate(() => document.querySelector("#panel-cluster").scrollWidth <= innerWidth), "the cluster is wider than the phone");
  await page.picture("phone-cluster");
  const small = await page.tab.evaluate(() => [...document.querySelectorAll("button")].filter(b => b.checkVisibility({ visibilityProperty: true }))
    .filter(b => b.getBoundingClientRect().height < 24 || b.getBoundingClientRect().width < 24).map(b => b.outerHTML));
  assert.deepEqual(small, []);
}
phone.options = { context: phoneContext };

export async function names_and_live_region(page) {
  await page.ask("spoken answer");
  await page.until(() => document.querySelector("#announcer").textContent === "Answer: spoken answer");
  assert.equal(await page.tab.getAttribute("#announcer", "aria-live"), "polite");
  const nameless = await page.tab.evaluate(() => [...document.querySelectorAll("button, input, textarea, [role=img], [role=tabpanel], dialog")].filter(node => {
    const named = node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.textContent.trim() || node.labels?.length > 0;
    return !named && node.id !== "experts";
  }).map(node => node.outerHTML));
  assert.deepEqual(nameless, []);
  const repeated = await page.tab.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map(node => node.id);
    const lost = [...document.querySelectorAll("[aria-controls], [aria-labelledby], [aria-describedby], label[for]")]
      .map(node => node.getAttribute("aria-controls") ?? node.getAttribute("aria-labelledby") ?? node.getAttribute("aria-describedby") ?? node.htmlFor).filter(id => !ids.includes(id));
    return [...ids.filter((id, i) => ids.indexOf(id) !== i), ...lost];
  });
  assert.deepEqual(repeated, []);
  // Tab reaches every control from the message box, and the focus is visible.
  const seen = new Set();
  for (let i = 0; i < 25; i++) {
    await page.tab.keyboard.press("Tab");
    seen.add(await page.tab.evaluate(() => {
      const node = document.activeElement;
      return node === document.body || getComputedStyle(node).outlineStyle !== "none" || node.matches("textarea") ? node.id || node.className : `${node.id} has no outline`;
    }));
  }
  for (const id of ["new-chat", "tab-chat", "open-settings", "theme", "scroller"]) {
    assert.ok(seen.has(id), `${id} is not reached: ${[...seen]}`);
  }
  assert.deepEqual([...seen].filter(name => name.endsWith("no outline")), []);
}

// The contrast ratio of text and background, as defined by WCAG 2.
const weakTexts = () => {
  const parse = color => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => {
    for (let n = node; n; n = n.parentElement) {
      const color = parse(getComputedStyle(n).backgroundColor);
      if (color.length === 3 || color[3] === 1) {
        return color;
      }
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter(node => node.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()) && !node.closest(":disabled, .visually-hidden")).map(node => {
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    return { ratio: (a + 0.05) / (b + 0.05), text: `${node.className || node.localName}: ${node.textContent.trim().slice(0, 30)}` };
  }).filter(({ ratio }) => ratio < 4.5).map(({ ratio, text }) => `${ratio.toFixed(2)} ${text}`);
};

export async function contrast(page) {
  await page.ask(article);
  await page.ask("fail: x");
  for (const theme of ["light", "dark"]) {
    await page.tab.emulateMedia({ colorScheme: theme });
    await page.tab.click("#tab-chat");
    await page.settled();
    assert.deepEqual(await page.tab.evaluate(weakTexts), [], theme);
    await page.picture(`article-${theme}`);
    await page.tab.click("#tab-cluster");
    await page.until(() => document.querySelectorAll(".silo").length === 3);
    await page.settled();
    assert.deepEqual(await page.tab.evaluate(weakTexts), [], theme);
  }
}
