// The fold with thoughts, and the switch that turns thinking on and off.
import { assert } from "./support.mjs";

const told = "<think>\nfirst *this* and then\n\nperhaps **that** as well\n</think>\n<answer>\nThe **answer**.\n</answer>";

const answerText = page => page.answer().locator("> .answer-text").innerText();
const summary = page => page.answer().locator("summary");

export async function thoughts_fold(page) {
  await page.type(`slow 40:${told}`);
  await page.until(() => document.querySelector(".thought summary")?.textContent.startsWith("Thinking…"));
  assert.match(await summary(page).innerText(), /^Thinking… \d+ s$/);
  assert.ok(!await page.answer().locator("details").evaluate(node => node.open), "the fold is open");
  assert.equal(await page.answer().locator(".thought-text > *").count(), 0);
  await page.idle();
  assert.match(await summary(page).innerText(), /^Thought for \d+(\.\d)? s$/);
  assert.equal(await answerText(page), "The answer.");
  assert.equal(await page.answer().locator("> .answer-text strong").innerText(), "answer");
  await summary(page).click();
  assert.equal(await page.answer().locator(".thought-text").innerText(), "first this and then\n\nperhaps that as well");
  assert.equal(await page.answer().locator(".thought-text strong").innerText(), "that");
  await page.picture("thoughts");
  await page.load();
  assert.match(await summary(page).innerText(), /^Thought for \d+(\.\d)? s$/);
  assert.ok(!await page.answer().locator("details").evaluate(node => node.open));
  await page.ask("go on");
  await page.picture("thoughts-closed");
}
thoughts_fold.options = { server: "thinking" };

export async function thoughts_grow_in_an_open_fold(page) {
  await page.type(`slow 40:<think>one two three four five six seven eight nine ten</think>done`);
  await page.until(() => document.querySelector(".thought summary"));
  await summary(page).click();
  await page.until(() => document.querySelector(".thought-text")?.textContent.includes("two three"));
  await page.idle();
  assert.equal(await page.answer().locator(".thought-text").innerText(), "one two three four five six seven eight nine ten");
  assert.ok(await page.answer().locator("details").evaluate(node => node.open), "the fold was closed");
}
thoughts_grow_in_an_open_fold.options = { server: "thinking" };

export async function thoughts_stay_out_of_the_history(page) {
  await page.ask(told);
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  await page.ask("next");
  assert.deepEqual(body.messages.slice(1), [{ role: "user", content: told }, { role: "assistant", content: "The **answer**." }, { role: "user", content: "next" }]);
}
thoughts_stay_out_of_the_history.options = { server: "thinking" };

export async function thoughts_unfinished(page) {
  await page.type(`slow 40:<think>${"and so on ".repeat(60)}`);
  await page.until(() => document.querySelector(".thought summary"));
  await page.tab.click("#stop");
  await page.idle();
  assert.match(await summary(page).innerText(), /^Thought for/);
  assert.match(await page.answer().locator(".facts").innerText(), /stopped$/);
  assert.ok(await page.answer().locator("> .answer-text").isHidden());
  await page.until(() => document.querySelector("#announcer").textContent === "Stopped.");
}
thoughts_unfinished.options = { server: "thinking" };

export async function think_switch(page) {
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  const button = page.tab.getByRole("button", { name: "Think", exact: true });
  await page.ask("a");
  assert.deepEqual([await button.getAttribute("aria-pressed"), body.chat_template_kwargs], ["true", { enable_thinking: true }]);
  await button.click();
  await page.ask("b");
  assert.deepEqual([await button.getAttribute("aria-pressed"), body.chat_template_kwargs], ["false", { enable_thinking: false }]);
  await page.load();
  assert.equal(await button.getAttribute("aria-pressed"), "false");
  await page.tab.click("#new-chat");
  await page.ask("c");
  assert.deepEqual(body.chat_template_kwargs, { enable_thinking: false });
}
think_switch.options = { server: "thinking" };

export async function think_switch_is_hidden(page) {
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  assert.ok(await page.tab.locator("#think").isHidden());
  await page.ask("a");
  assert.equal(body.chat_template_kwargs, undefined);
}
