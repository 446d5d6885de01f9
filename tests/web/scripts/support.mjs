// The page under test, with the errors it causes and the actions of the cases.
import assert from "node:assert/strict";

// Milliseconds. It detects hangs and says nothing about speed.
const timeout = 300_000;

/** Opens the page. `options`: server (a key of given, default echo), tab (hash), context (Playwright's), before(context). */
export async function openPage(browser, given, options) {
  const base = given[options.server ?? "echo"];
  const context = await browser.newContext({ viewport: { width: 1200, height: 780 }, ...options.context });
  context.setDefaultTimeout(timeout);
  const page = new Page(context, given, base, options);
  await page.open();
  return page;
}

class Page {
  constructor(context, given, base, options) {
    Object.assign(this, { context, given, base, options, wrong: [], requests: [] });
  }

  async open() {
    // Records calls that hostile text tries to make, and violations of the content security policy.
    await this.context.addInitScript(() => {
      window.broken = [];
      window.boom = () => window.broken.push("hostile code ran");
      window.alert = window.boom;
      addEventListener("securitypolicyviolation", event => window.broken.push(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
    this.tab = await this.context.newPage();
    this.tab.on("pageerror", error => this.wrong.push(`error: ${error}`));
    this.tab.on("dialog", dialog => { this.wrong.push("a dialog opened"); dialog.dismiss(); });
    this.tab.on("popup", () => this.wrong.push("a window opened"));
    this.tab.on("console", message => {
      if (/Content Security Policy|TrustedHTML|Trusted Type|SyntaxError|preload/i.test(message.text())) {
        this.wrong.push(`console: ${message.text()}`);
      }
    });
    this.tab.on("request", request => {
      this.requests.push(request.url());
      if (!request.url().startsWith(this.base + "/") && !request.url().startsWith(`blob:${this.base}/`)) {
        this.wrong.push(`request to ${request.url()}`);
      }
    });
    await this.options.before?.(this);
    await this.load();
  }

  async load() {
    await this.tab.goto(`${this.base}/${this.options.hash ?? ""}`);
    await this.tab.waitForFunction(() => document.querySelector("#status").dataset.state === "ready" || document.querySelector("#key-dialog").open);
  }

  /** Checks that no hostile code ran, no policy was violated, no other host was contacted and no script failed. */
  async finish() {
    assert.deepEqual([...this.wrong, ...await this.tab.evaluate(() => window.broken)], []);
  }

  async type(text) {
    await this.tab.fill("#draft", text);
    await this.tab.press("#draft", "Enter");
  }

  /** Sends a message and waits for the whole answer. */
  async ask(text) {
    await this.type(text);
    await this.idle();
  }

  async idle() {
    await this.tab.waitForFunction(() => document.querySelector("#stop").hidden && !document.querySelector(".message.writing"));
  }

  /** The texts of all elements that match a selector. */
  texts(selector) {
    return this.tab.locator(selector).allInnerTexts();
  }

  answer() {
    return this.tab.locator(".answer").last();
  }

  async picture(name, options = {}) {
    await this.tab.waitForTimeout(600);
    await this.tab.screenshot({ path: `${this.given.pictures}/${name}.png`, ...options });
  }

  /** Waits for all transitions to end. */
  settled() {
    return this.until(() => document.getAnimations().every(animation => animation.effect.getTiming().iterations === Infinity));
  }

  until(check, argument) {
    return this.tab.waitForFunction(check, argument);
  }

  cluster() {
    return this.tab.evaluate(async () => (await fetch("/cluster")).json());
  }
}

export { assert };
