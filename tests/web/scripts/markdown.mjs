// The renderer alone, in the page.
import { assert } from "./support.mjs";

const sample = `# Title

Walk **both** arrays and *one* or ***all*** of \`a < b\`, ~~not~~ this; snake_case_name stays, 2 * 3 * 4 too.
A second line. See [docs](https://example.org/a_(b)) or https://example.org/c_d_e, or \\*this\\*.

1. one
2. two
   - deep **bold**
   - deeper
     1. deepest
3. three

7) seven
8) eight

- loose

- items

\`\`\`csharp
if (a < b && c > d)
{
    **not bold**
}
\`\`\`

> quoted
> more
>
> - list

| a | b \\| c |
|:--|--:|
| 1 | **2** |

---

last`;

const render = (page, text) => page.tab.evaluate(async source => {
  const { MarkdownView } = await import("/page/markdown.js");
  const root = document.createElement("div");
  new MarkdownView(root).update(source);
  return root.innerHTML;
}, text);

const link = (href, label) => `<a href="${href}" title="${href}" target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;

export async function markdown(page) {
  const cases = {
    "# Title": "<h3 dir=\"auto\">Title</h3>",
    "a **b** *c* ***d*** ~~e~~ `f`": "<p dir=\"auto\">a <strong>b</strong> <em>c</em> <strong><em>d</em></strong> <del>e</del> <code>f</code></p>",
    "**a *b* c**": "<p dir=\"auto\"><strong>a <em>b</em> c</strong></p>",
    "snake_case_name 2 * 3 * 4 **": "<p dir=\"auto\">snake_case_name 2 * 3 * 4 **</p>",
    "_a_ __b__ a_b_": "<p dir=\"auto\"><em>a</em> <strong>b</strong> a_b_</p>",
    "\\*a\\* \\`b\\`": "<p dir=\"auto\">*a* `b`</p>",
    "``a ` b``": "<p dir=\"auto\"><code>a ` b</code></p>",
    "[d](https://e.org/a_(b))": `<p dir="auto">${link("https://e.org/a_(b)", "d")}</p>`,
    "see https://e.org/c_d_e, ok": `<p dir="auto">see ${link("https://e.org/c_d_e", "https://e.org/c_d_e")}, ok</p>`,
    "见https://e.org/a。好": `<p dir="auto">见${"https://e.org/a"}。好</p>`,
    "a\nb": "<p dir=\"auto\">a<br>b</p>",
    "- a\n- b\n  - c": "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>",
    "3. a\n4. b": "<ol start=\"3\"><li>a</li><li>b</li></ol>",
    "- a\n\n  b": "<ul><li><p dir=\"auto\">a</p><p dir=\"auto\">b</p></li></ul>",
    "a\n- b": "<p dir=\"auto\">a</p><ul><li>b</li></ul>",
    "> a\n> b\n\nc": "<blockquote><p dir=\"auto\">a<br>b</p></blockquote><p dir=\"auto\">c</p>",
    "---": "<hr>",
    "a | b\nnot a table": "<p dir=\"auto\">a | b<br>not a table</p>",
    "1 < 2 & 3": "<p dir=\"auto\">1 &lt; 2 &amp; 3</p>",
  };
  for (const [text, html] of Object.entries(cases)) {
    assert.equal(await render(page, text), html, text);
  }
  const table = await render(page, "| a | b \\| c |\n|:--|--:|\n| 1 | **2** |\n| 3 |");
  assert.match(table, /<th class="align-start" scope="col">a<\/th><th class="align-end" scope="col">b \| c<\/th>/);
  assert.match(table, /<td class="align-start">1<\/td><td class="align-end"><strong>2<\/strong><\/td><\/tr><tr><td class="align-start">3<\/td><td class="align-end"><\/td>/);
  const code = await render(page, "~~~js\na < b\n\n# c\n~~~\nd");
  assert.match(code, /<span>js<\/span>.*<code>a &lt; b\n\n# c<\/code><\/pre><\/figure><p dir="auto">d<\/p>$/s);
}

export async function markdown_grows(page) {
  const { grown, whole, kept } = await page.tab.evaluate(async text => {
    const { MarkdownView } = await import("/page/markdown.js");
    const root = document.createElement("div"), other = document.createElement("div");
    const view = new MarkdownView(root);
    let first = null, stays = true;
    for (let i = 1; i <= text.length; i++) {
      view.update(text.slice(0, i));
      first = i === 200 ? root.firstChild : first;
      stays &&= i <= 200 || root.firstChild === first;
    }
    new MarkdownView(other).update(text);
    return { grown: root.innerHTML, whole: other.innerHTML, kept: stays };
  }, sample);
  assert.equal(grown, whole);
  assert.ok(kept, "a finished block was made anew");
}

export async function markdown_is_linear(page) {
  // At this size, work that is not linear would take hours.
  const size = 200000;
  for (const unit of ["[", "[a](", "*", "**a", "*a _b ", "_", "`", "`a``b", "!", "~~a", "\\", "h", "https://", "> ", ">", "- ", "1. ", "#", "# ", "|", "| a ", "-", "- - ", " ", "\t",
    "](", "[[a](b)", "***a**b*", "```", "```\n", "> \n", "- a\n", " - a\n", "|a|\n|-|\n", "a|b\n-|-\n", "a\n\n", "   a\n"]) {
    const length = await page.tab.evaluate(async ([text, count]) => {
      const { MarkdownView } = await import("/page/markdown.js");
      const root = document.createElement("div");
      new MarkdownView(root).update(text.repeat(Math.ceil(count / text.length)));
      return root.textContent.length;
    }, [unit, unit.includes("\n") ? size / 10 : size]);
    assert.ok(length >= 0);
  }
  const deep = await render(page, Array.from({ length: 300 }, (_, i) => `${"  ".repeat(i)}- a`).join("\n"));
  assert.equal(deep.replace(/<[^>]*>/g, "").match(/a/g).length, 300);
}
