// Runs each case in a separate browser context and writes one line per case: "case NAME ok" or "case NAME ERROR".
import { chromium } from "playwright-core";
import { openPage } from "./support.mjs";
import * as branches from "./branches.mjs";
import * as chat from "./chat.mjs";
import * as files from "./files.mjs";
import * as hostile from "./hostile.mjs";
import * as keys from "./keys.mjs";
import * as look from "./look.mjs";
import * as markdown from "./markdown.mjs";
import * as thoughts from "./thoughts.mjs";

const given = JSON.parse(process.argv[2]);
const only = process.argv[3]?.split(",");
const browser = await chromium.launch({
  executablePath: given.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
for (const [name, run] of Object.entries({ ...chat, ...hostile, ...markdown, ...thoughts, ...branches, ...files, ...keys, ...look })) {
  if (only && !only.includes(name)) {
    continue;
  }
  const begun = performance.now();
  let outcome = "ok", page = null;
  try {
    page = await openPage(browser, given, run.options ?? {});
    await run(page);
    await page.finish();
  } catch (error) {
    outcome = String(error.message ?? error).replace(/\u001b\[\d+m/g, "").replaceAll("\n", " | ").slice(0, 1500);
    await page?.tab.screenshot({ path: `${given.pictures}/failed-${name}.png` }).catch(() => {});
  }
  await page?.context.close();
  console.log(`time ${name} ${Math.round(performance.now() - begun)} ms`);
  console.log(`case ${name} ${outcome}`);
}
await browser.close();
