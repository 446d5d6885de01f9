// Text files in messages.
import { assert } from "./support.mjs";

const text = (name, content) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
const toast = page => page.tab.locator(".toast").innerText();

export async function files_are_sent(page) {
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  await page.tab.setInputFiles("#files", [text("a.txt", "first\nsecond\n"), text("`b`\u202e.md", "﻿```\ncode\n````")]);
  await page.until(() => document.querySelectorAll(".chip").length === 2);
  assert.deepEqual(await page.texts(".chip .file-name"), ["a.txt", "`b`.md"]);
  await page.tab.setInputFiles("#files", [text("gone.txt", "gone")]);
  await page.tab.getByRole("button", { name: "Remove gone.txt" }).click();
  await page.picture("files");
  await page.ask("What is in these?");
  assert.equal(body.messages.at(-1).content, "```a.txt\nfirst\nsecond\n```\n\n````` b .md\n```\ncode\n````\n`````\n\nWhat is in these?");
  assert.equal(await page.tab.locator(".chip").count(), 0);
  assert.deepEqual(await page.texts(".bubble"), ["What is in these?"]);
  assert.deepEqual(await page.texts(".chat-open"), ["What is in these?"]);
  await page.tab.locator(".file summary").first().click();
  assert.equal(await page.tab.locator(".file pre").first().innerText(), "first\nsecond\n");
  await page.picture("files-sent");
  // An edited question keeps its files.
  await page.tab.locator(".question").hover();
  await page.tab.getByRole("button", { name: "Edit message" }).click();
  await page.tab.keyboard.press("ControlOrMeta+A");
  await page.tab.keyboard.type("And now?");
  await page.tab.keyboard.press("Enter");
  await page.idle();
  assert.ok(body.messages.at(-1).content.startsWith("```a.txt\n") && body.messages.at(-1).content.endsWith("\n\nAnd now?"));
  await page.load();
  assert.deepEqual(await page.texts(".file-name"), ["a.txt", "`b`.md"]);
  await page.ask("go on");
  assert.ok(body.messages.at(-3).content.startsWith("```a.txt\n"), "the file is missing from the history");
}

export async function files_alone(page) {
  assert.ok(await page.tab.locator("#send").isDisabled());
  await page.tab.setInputFiles("#files", [text("only.txt", "hello")]);
  await page.until(() => !document.querySelector("#send").disabled);
  await page.tab.press("#draft", "Enter");
  await page.idle();
  assert.equal(await page.tab.locator(".bubble").count(), 0);
  assert.deepEqual(await page.texts(".chat-open"), ["only.txt"]);
  assert.equal(await page.answer().locator("code").innerText(), "hello");
}

export async function files_that_are_refused(page) {
  await page.tab.setInputFiles("#files", [text("picture.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0])), text("good.txt", "good")]);
  await page.until(() => document.querySelectorAll(".chip").length === 1);
  assert.equal(await toast(page), "picture.png is no text in UTF-8.");
  await page.tab.setInputFiles("#files", [text("null.txt", "a\0b")]);
  await page.until(() => document.querySelector(".toast").textContent.startsWith("null.txt is no text"));
  await page.tab.setInputFiles("#files", [text("large.txt", "a".repeat(256 * 1024 + 1))]);
  await page.until(() => document.querySelector(".toast").textContent.startsWith("large.txt is too large: 262 kB, at most 262 kB."));
  await page.tab.setInputFiles("#files", Array.from({ length: 8 }, (_, i) => text(`${i}.txt`, "a")));
  await page.until(() => document.querySelector(".toast").textContent === "A message can have at most 8 files.");
  assert.equal(await page.tab.locator(".chip").count(), 8);
}

export async function files_dropped_and_pasted(page) {
  for (const [selector, type] of [["#scroller", "drop"], ["#draft", "paste"]]) {
    await page.tab.evaluate(([target, name]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array([0xff, 0xfe, 0x60, 0x4f, 0x7d, 0x59])], `${name}.txt`));
      document.querySelector(target).dispatchEvent(name === "drop"
        ? new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent(name, { clipboardData: data, bubbles: true, cancelable: true }));
    }, [selector, type]);
    await page.until(name => document.querySelector("#attached").textContent.includes(`${name}.txt`), type);
  }
  let body = null;
  page.tab.on("request", request => { body = request.postDataJSON() ?? body; });
  await page.ask("read");
  assert.equal(body.messages.at(-1).content, "```drop.txt\n你好\n```\n\n```paste.txt\n你好\n```\n\nread");
}
