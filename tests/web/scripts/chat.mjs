// Chatting: sending, stopping, errors, keys, history, settings.
import fs from "node:fs";
import { assert } from "./support.mjs";

const long = "one two three four five six seven eight nine ten ".repeat(20).trim();

export async function sends_and_streams(page) {
  await page.type(`slow 30:${long}`);
  await page.until(() => document.querySelector(".answer-text")?.textContent.includes("two three"));
  const part = await page.answer().locator(".answer-text").innerText();
  assert.ok(part.length < long.length, "the text came at once");
  assert.equal(await page.answer().getAttribute("aria-busy"), "true");
  assert.match(await page.answer().locator(".facts").innerText(), /≈ \d+ tokens +· +[\d.]+ tokens\/s +· +first token \d+/);
  await page.idle();
  assert.equal(await page.answer().locator(".answer-text").innerText(), long);
  assert.match(await page.answer().locator(".facts").innerText(), /^\d+ tokens +· +[\d.,]+ tokens\/s +· +first token [\d.]+ m?s$/);
  assert.deepEqual(await page.texts(".bubble"), [`slow 30:${long}`]);
  assert.equal(await page.tab.inputValue("#draft"), "");
}

export async function enter_and_composing(page) {
  await page.tab.click("#draft");
  await page.tab.keyboard.type("a");
  await page.tab.keyboard.press("Shift+Enter");
  await page.tab.keyboard.type("b");
  await page.tab.evaluate(() => document.querySelector("#draft").dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, isComposing: true })));
  assert.equal(await page.tab.locator(".bubble").count(), 0);
  await page.tab.keyboard.press("Enter");
  await page.idle();
  assert.deepEqual(await page.texts(".bubble"), ["a\nb"]);
  await page.tab.fill("#draft", "   ");
  assert.ok(await page.tab.locator("#send").isDisabled());
  await page.tab.keyboard.press("Enter");
  assert.equal(await page.tab.locator(".bubble").count(), 1);
}

async function stopped(page, stop) {
  const before = (await page.cluster()).engine.cancelled;
  await page.type(`slow 40:${long}`);
  await page.until(() => document.querySelector(".answer-text")?.textContent.includes("two"));
  await stop();
  await page.idle();
  const text = await page.answer().locator(".answer-text").innerText();
  assert.ok(text.length > 0 && text.length < long.length, `stopped with ${text.length} letters`);
  assert.match(await page.answer().locator(".facts").innerText(), /stopped$/);
  assert.equal(await page.tab.locator(".notice:visible").count(), 0);
  // The server has cancelled the answer as well.
  await page.until(async count => (await (await fetch("/cluster")).json()).engine.cancelled === count, before + 1);
  assert.equal(await page.tab.evaluate(() => document.activeElement.id), "draft");
  await page.ask("and on");
  assert.equal(await page.answer().locator(".answer-text").innerText(), "and on");
}

export const stop_button = page => stopped(page, () => page.tab.click("#stop"));

export const escape_stops = page => stopped(page, () => page.tab.keyboard.press("Escape"));

export async function retry(page) {
  await page.ask("first");
  await page.ask("second");
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  await page.answer().hover();
  await page.answer().getByRole("button", { name: "Answer again" }).click();
  await page.idle();
  assert.deepEqual(body.messages.map(m => m.content).slice(-3), ["first", "first", "second"]);
  assert.deepEqual(await page.texts(".answer-text"), ["first", "second"]);
  await page.tab.locator(".answer").first().getByRole("button", { name: "Answer again" }).click();
  await page.idle();
  assert.deepEqual(await page.texts(".answer-text"), ["first"]);
}

export async function edit(page) {
  await page.ask("first");
  await page.ask("second");
  const question = page.tab.locator(".question").first();
  const begin = async () => {
    await question.hover();
    await question.getByRole("button", { name: "Edit message" }).click();
  };
  await begin();
  await page.tab.keyboard.type(" no");
  await page.tab.keyboard.press("Escape");
  assert.deepEqual(await page.texts(".bubble"), ["first", "second"]);
  await begin();
  await page.tab.keyboard.type(" and better");
  await page.tab.keyboard.press("Enter");
  await page.idle();
  assert.deepEqual(await page.texts(".bubble"), ["first and better"]);
  assert.deepEqual(await page.texts(".answer-text"), ["first and better"]);
  assert.deepEqual(await page.texts(".chat-open"), ["first and better"]);
}

export async function queue_full_is_shown(page) {
  await page.ask("full:");
  const notice = page.answer().getByRole("alert");
  assert.match(await notice.innerText(), /The queue is full: 64 answers wait[^]*status 429[^]*request /);
  await page.picture("error");
  await notice.getByRole("button", { name: "Try again" }).click();
  await page.idle();
  assert.equal(await page.tab.locator(".answer").count(), 1);
  assert.equal(await page.answer().getByRole("alert").count(), 1);
}

export async function broken_answer_is_shown(page) {
  await page.ask("fail: half of it");
  assert.equal(await page.answer().locator(".answer-text").innerText(), "fail: half of it");
  const notice = page.answer().getByRole("alert");
  assert.match(await notice.innerText(), /The model lost a <b>silo<\/b>\./);
  assert.equal(await notice.locator("b").count(), 0);
  await page.ask("go on");
  assert.equal(await page.answer().locator(".answer-text").innerText(), "go on");
}

export async function unreachable_is_shown(page) {
  await page.ask("hello");
  await page.context.setOffline(true);
  await page.ask("are you there");
  assert.match(await page.answer().getByRole("alert").innerText(), /cannot be reached/);
  await page.until(() => document.querySelector("#status").dataset.state === "gone");
  await page.context.setOffline(false);
  await page.until(() => document.querySelector("#status").dataset.state === "ready");
  await page.answer().getByRole("button", { name: "Try again" }).click();
  await page.idle();
  assert.equal(await page.answer().locator(".answer-text").innerText(), "are you there");
}

export async function key(page) {
  const dialog = page.tab.getByRole("dialog", { name: "API key" });
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /This server needs an API key/);
  await page.picture("key");
  const enter = async text => {
    await page.tab.fill("#key", text);
    await page.tab.keyboard.press("Enter");
  };
  await enter("wrong");
  await page.until(() => document.querySelector("#key-reason").textContent.includes("not known"));
  await enter(page.given.key);
  await page.until(() => document.querySelector("#status").dataset.state === "ready");
  await page.ask("hello");
  assert.equal(await page.answer().locator(".answer-text").innerText(), "hello");
  assert.ok(!await page.tab.evaluate(secret => JSON.stringify({ ...localStorage }).includes(secret), page.given.key), "the key is kept for good");
  await page.load();
  await page.until(() => document.querySelector("#status").dataset.state === "ready");
}
key.options = { server: "keyed" };

export async function history(page) {
  await page.ask("the first chat");
  await page.tab.click("#new-chat");
  await page.ask("**the second** chat");
  await page.load();
  assert.deepEqual(await page.texts(".chat-open"), ["**the second** chat", "the first chat"]);
  assert.equal(await page.answer().locator("strong").innerText(), "the second");
  assert.match(await page.answer().locator(".facts").innerText(), /tokens/);
  await page.tab.getByRole("button", { name: "the first chat", exact: true }).click();
  assert.deepEqual(await page.texts(".answer-text"), ["the first chat"]);
  const entry = page.tab.locator(".chat", { hasText: "the first chat" });
  await entry.hover();
  const [download] = await Promise.all([page.tab.waitForEvent("download"), entry.getByRole("button", { name: /^Export/ }).click()]);
  assert.equal(download.suggestedFilename(), "the-first-chat.json");
  const saved = JSON.parse(fs.readFileSync(await download.path(), "utf8"));
  assert.deepEqual(saved.messages.map(m => m.role), ["system", "user", "assistant"]);
  await entry.getByRole("button", { name: /^Delete/ }).click();
  assert.deepEqual(await page.texts(".chat-open"), ["**the second** chat"]);
  await page.tab.getByRole("button", { name: "Undo" }).click();
  assert.equal(await page.tab.locator(".chat").count(), 2);
  await page.tab.click("#delete-all");
  await page.load();
  assert.equal(await page.tab.locator(".chat").count(), 0);
}

export async function history_of_a_broken_visit(page) {
  await page.type(`slow 40:${long}`);
  await page.until(() => document.querySelector(".answer-text")?.textContent.includes("three"));
  await page.load();
  const text = await page.answer().locator(".answer-text").innerText();
  assert.ok(text.startsWith("one two three") && text.length < long.length, text);
  await page.answer().getByRole("button", { name: "Answer again" }).waitFor();
}

export async function two_chats_at_once(page) {
  await page.type(`slow 30:${long}`);
  await page.until(() => document.querySelector(".answer-text")?.textContent.includes("two"));
  await page.tab.click("#new-chat");
  await page.ask("quick");
  assert.deepEqual(await page.texts(".answer-text"), ["quick"]);
  await page.tab.locator(".chat.writing .chat-open").click();
  await page.idle();
  assert.deepEqual(await page.texts(".answer-text"), [long]);
}

export async function settings(page) {
  await page.tab.click("#open-settings");
  await page.tab.fill("#system", "Be brief.");
  await page.tab.fill("#set-temperature", "0.5");
  await page.tab.fill("#set-top_k", "7");
  await page.tab.fill("#set-presence_penalty", "-0.5");
  await page.tab.fill("#set-frequency_penalty", "1.5");
  await page.tab.fill("#stop-texts", "never said\n\n 再见");
  await page.tab.fill("#set-top_p", "3");
  assert.equal(await page.tab.getAttribute("#set-top_p", "aria-invalid"), "true");
  await page.picture("settings");
  await page.tab.keyboard.press("Escape");
  assert.equal(await page.tab.evaluate(() => document.activeElement.id), "open-settings");
  await page.load();
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  await page.ask("hello");
  assert.deepEqual(body, {
    messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "hello" }],
    model: "echo", temperature: 0.5, top_k: 7, presence_penalty: -0.5, frequency_penalty: 1.5, stop: ["never said", " 再见"], stream: true, stream_options: { include_usage: true },
  });
  await page.tab.click("#open-settings");
  await page.tab.click("#reset-sampling");
  await page.tab.fill("#system", "");
  await page.tab.keyboard.press("Escape");
  await page.ask("again");
  assert.deepEqual([body.temperature, body.top_k, body.stop, body.messages[0].role], [undefined, undefined, undefined, "user"]);
}

export async function adapter(page) {
  await page.tab.click("#open-settings");
  assert.deepEqual(await page.tab.locator("#model option").allTextContents(), ["echo", "<b>terse</b>", "legal"]);
  assert.equal(await page.tab.inputValue("#model"), "echo");
  await page.tab.selectOption("#model", "<b>terse</b>");
  await page.tab.keyboard.press("Escape");
  assert.equal(await page.tab.textContent("#model-name"), "<b>terse</b>");
  const models = [];
  page.tab.on("request", request => request.method() === "POST" && models.push(request.postDataJSON().model));
  await page.ask("hello");
  await page.load();
  assert.equal(await page.tab.textContent("#model-name"), "<b>terse</b>");
  await page.ask("again");
  await page.tab.click("#open-settings");
  await page.tab.selectOption("#model", "echo");
  await page.tab.keyboard.press("Escape");
  await page.ask("bare");
  assert.deepEqual(models, ["<b>terse</b>", "<b>terse</b>", "echo"]);
}
adapter.options = { server: "adapted" };

export async function no_adapter(page) {
  await page.tab.click("#open-settings");
  assert.equal(await page.tab.isVisible("#model"), false);
}
