// Searching chats, and keyboard shortcuts.
import { assert } from "./support.mjs";

const focused = page => page.tab.evaluate(() => document.activeElement.id);

export async function search_finds_chats(page) {
  for (const text of ["Bicycles and **trains**", "The weather in Paris", "Über <b>Züge</b> 与火车"]) {
    await page.tab.click("#new-chat");
    await page.ask(text);
  }
  const found = async query => {
    await page.tab.fill("#search", query);
    return page.texts(".chat-open > span:first-child");
  };
  assert.deepEqual(await found("PARIS"), ["The weather in Paris"]);
  assert.deepEqual(await found("trains bicycles"), ["Bicycles and **trains**"]);
  assert.deepEqual(await found("züge 火车"), ["Über <b>Züge</b> 与火车"]);
  assert.deepEqual(await page.texts(".found mark"), ["Züge"]);
  await page.picture("search");
  assert.deepEqual(await found("trains Paris"), []);
  assert.equal(await page.tab.locator("#no-chats").innerText(), "No chat has these words.");
  await page.tab.press("#search", "Escape");
  assert.deepEqual([await page.tab.inputValue("#search"), await page.tab.locator(".chat").count()], ["", 3]);
  // What is only in another branch or in a file is found as well.
  await page.tab.setInputFiles("#files", [{ name: "log.txt", mimeType: "text/plain", buffer: Buffer.from("a needle in it") }]);
  await page.until(() => document.querySelector(".chip"));
  await page.ask("look");
  await page.answer().getByRole("button", { name: "Answer again" }).click();
  await page.idle();
  assert.deepEqual(await found("needle"), ["Über <b>Züge</b> 与火车"]);
  await found("weather");
  await page.tab.press("#search", "Enter");
  assert.deepEqual(await page.texts(".bubble"), ["The weather in Paris"]);
}

export async function shortcuts(page) {
  await page.ask("one");
  await page.tab.keyboard.press("ControlOrMeta+Shift+O");
  assert.deepEqual([await page.tab.locator(".message").count(), await focused(page)], [0, "draft"]);
  await page.ask("two");
  await page.tab.keyboard.press("Alt+ArrowDown");
  assert.deepEqual(await page.texts(".bubble"), ["one"]);
  await page.tab.keyboard.press("Alt+ArrowDown");
  assert.deepEqual(await page.texts(".bubble"), ["one"]);
  await page.tab.keyboard.press("Alt+ArrowUp");
  assert.deepEqual(await page.texts(".bubble"), ["two"]);
  await page.tab.keyboard.press("ControlOrMeta+K");
  assert.equal(await focused(page), "search");
  // In a field, these are characters.
  await page.tab.keyboard.type("/?");
  assert.equal(await page.tab.inputValue("#search"), "/?");
  await page.tab.keyboard.press("Escape");
  await page.tab.focus("#theme");
  await page.tab.keyboard.press("/");
  assert.deepEqual([await focused(page), await page.tab.inputValue("#draft")], ["draft", ""]);
  await page.tab.keyboard.press("ArrowUp");
  assert.equal(await page.tab.evaluate(() => document.activeElement.value), "two");
  await page.tab.keyboard.press("Escape");
  await page.tab.focus("#theme");
  await page.tab.keyboard.press("?");
  const dialog = page.tab.getByRole("dialog", { name: "Keyboard" });
  assert.equal(await dialog.locator("li").count(), 10);
  await page.picture("shortcuts");
  // Behind a dialog, shortcuts do nothing.
  await page.tab.keyboard.press("ControlOrMeta+Shift+O");
  assert.deepEqual(await page.texts(".bubble"), ["two"]);
  await page.tab.keyboard.press("Escape");
  await page.tab.click("#open-shortcuts");
  await dialog.getByRole("button", { name: "Close" }).click();
  assert.ok(await dialog.isHidden());
}
