// Editing and answering again keep the other branch.
import { assert } from "./support.mjs";

const answers = page => page.texts(".answer-text");
const versions = page => page.texts(".versions");
const arrow = (page, side, at = 0) => page.tab.locator(".versions").nth(at).getByRole("button", { name: side });

async function edit(page, at, text) {
  const question = page.tab.locator(".question").nth(at);
  await question.hover();
  await question.getByRole("button", { name: "Edit message" }).click();
  await page.tab.keyboard.press("ControlOrMeta+A");
  await page.tab.keyboard.type(text);
  await page.tab.keyboard.press("Enter");
  await page.idle();
}

export async function edit_keeps_the_branch(page) {
  await page.ask("one");
  await page.ask("two");
  assert.equal(await page.tab.locator(".versions").count(), 0);
  await edit(page, 0, "other");
  assert.deepEqual([await page.texts(".bubble"), await answers(page), await versions(page)], [["other"], ["other"], ["2/2"]]);
  assert.ok(await arrow(page, "Version after").isDisabled());
  await page.picture("branches");
  await arrow(page, "Version before").click();
  assert.deepEqual([await page.texts(".bubble"), await answers(page), await versions(page)], [["one", "two"], ["one", "two"], ["1/2"]]);
  assert.deepEqual(await page.texts(".chat-open"), ["one"]);
  // The arrow is at its end, so the other one has the focus.
  assert.equal(await page.tab.evaluate(() => document.activeElement.getAttribute("aria-label")), "Version after");
  await page.load();
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["one", "two"], ["1/2"]]);
  await arrow(page, "Version after").click();
  assert.deepEqual(await page.texts(".bubble"), ["other"]);
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  await page.ask("on");
  assert.deepEqual(body.messages.slice(1).map(m => m.content), ["other", "other", "on"]);
}

export async function retry_keeps_the_branch(page) {
  await page.ask("one");
  await page.ask("two");
  await page.tab.locator(".answer").first().getByRole("button", { name: "Answer again" }).click();
  await page.idle();
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["one"], ["2/2"]]);
  await page.tab.locator(".answer").first().getByRole("button", { name: "Answer again" }).click();
  await page.idle();
  assert.deepEqual(await versions(page), ["3/3"]);
  await arrow(page, "Version before").click();
  await arrow(page, "Version before").click();
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["one", "two"], ["1/3"]]);
}

export async function branches_of_branches(page) {
  await page.ask("a");
  await page.ask("b");
  await edit(page, 1, "c");
  await edit(page, 0, "d");
  await page.ask("e");
  await edit(page, 1, "f");
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["d", "f"], ["2/2", "2/2"]]);
  await arrow(page, "Version before", 0).click();
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["a", "c"], ["1/2", "2/2"]]);
  await arrow(page, "Version before", 1).click();
  await page.load();
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["a", "b"], ["1/2", "1/2"]]);
  await arrow(page, "Version after", 0).click();
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["d", "f"], ["2/2", "2/2"]]);
  await arrow(page, "Version before", 1).click();
  assert.deepEqual(await page.texts(".bubble"), ["d", "e"]);
}

export async function failed_answers_leave_no_branch(page) {
  await page.ask("full:");
  await page.answer().getByRole("button", { name: "Try again" }).click();
  await page.idle();
  assert.equal(await page.tab.locator(".versions").count(), 0);
}

export async function branches_in_storage_are_checked(page) {
  await page.tab.evaluate(() => {
    const user = (content, more = {}) => ({ role: "user", content, ...more });
    const deep = depth => user("deep", depth === 0 ? {} : { versions: [[deep(depth - 1)], null] });
    const chats = [
      [user("a", { versions: [null, [user("b")], 3, [], [{ role: "assistant", content: "x" }], "y"] })],
      [user("c", { versions: [null, null] }), { role: "assistant", content: "c", versions: "none" }],
      [user("d", { versions: [[user("e")]], files: [{ name: 1 }, null, { name: "<b>.txt", content: "<img src=x onerror=boom()>" }] })],
      [deep(300)],
    ];
    chats.forEach((messages, i) => { localStorage[`hunyuan.chat.${i}`] = JSON.stringify({ id: String(i), title: `chat ${i}`, updated: i, messages }); });
  });
  await page.load();
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["deep"], ["2/2"]]);
  const open = name => page.tab.getByRole("button", { name, exact: true }).click();
  await open("chat 2");
  assert.deepEqual([await page.texts(".bubble"), await page.texts(".file-name"), await versions(page)], [["d"], ["<b>.txt"], []]);
  await open("chat 1");
  assert.deepEqual([await page.texts(".bubble"), await versions(page)], [["c"], []]);
  await open("chat 0");
  assert.deepEqual(await versions(page), ["1/2"]);
  await arrow(page, "Version after").click();
  assert.deepEqual(await page.texts(".bubble"), ["b"]);
}
