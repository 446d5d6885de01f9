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

Setext
------

- [x] done, see [ref] &copy;
  \`\`\`sh
    kept
  \`\`\`

      code in an item
- [ ] open

    indented

[ref]: https://example.org/ref "title"

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

const code = (text, language = "") => `<figure class="code"><figcaption><span>${language || "text"}</span><button type="button" class="copy-code">Copy</button></figcaption>`
  + `<pre tabindex="0" aria-label="${language ? `Code, ${language}` : "Code"}"><code>${text}</code></pre></figure>`;
const paragraph = html => `<p dir="auto">${html}</p>`;
const done = "<span class=\"task-box done\" role=\"img\" aria-label=\"Done\"></span>", open = "<span class=\"task-box\" role=\"img\" aria-label=\"To do\"></span>";

/** Cases that CommonMark and GitHub decide. */
export async function markdown_as_commonmark(page) {
  const cases = {
    // Code in lists keeps its columns, and ends with its item.
    "1. a\n\n   ```py\n   if x:\n       y\n   ```\n2. b": `<ol><li>${paragraph("a")}${code("if x:\n    y", "py")}</li><li>${paragraph("b")}</li></ol>`,
    "- a\n  ```\n\tb\n    c\n  ```\n- d": `<ul><li>a${code("  b\n  c")}</li><li>d</li></ul>`,
    "10. a\n\n        code\n    b": `<ol start="10"><li>${paragraph("a")}${code("code")}${paragraph("b")}</li></ol>`,
    "- a\n  ```\n  b\nc": `<ul><li>a${code("b")}</li></ul>${paragraph("c")}`,
    "- - a\n  - b": "<ul><li><ul><li>a</li><li>b</li></ul></li></ul>",
    "- a\n* b": "<ul><li>a</li></ul><ul><li>b</li></ul>",
    "- a\n- b\n\n- c": `<ul><li>${paragraph("a")}</li><li>${paragraph("b")}</li><li>${paragraph("c")}</li></ul>`,
    "- a\n\n\n  b\n\nc": `<ul><li>${paragraph("a")}${paragraph("b")}</li></ul>${paragraph("c")}`,
    "- a\nlazy": "<ul><li>a<br>lazy</li></ul>",
    "The year\n1986. was long": paragraph("The year<br>1986. was long"),
    "> - a\n> - b\nlazy": "<blockquote><ul><li>a</li><li>b<br>lazy</li></ul></blockquote>",
    // Breaks.
    "a  \nb\\\nc": paragraph("a<br>b<br>c"),
    "a<br>b<BR />c": paragraph("a<br>b<br>c"),
    "a\\": paragraph("a\\"),
    // Headings.
    "Title\n=====\nb": `<h3 dir="auto">Title</h3>${paragraph("b")}`,
    "A *b*\n---": "<h4 dir=\"auto\">A <em>b</em></h4>",
    "a\n\n---": `${paragraph("a")}<hr>`,
    "a\n-": paragraph("a<br>-"),
    "a\n-\n": "<h4 dir=\"auto\">a</h4>",
    "## a ##": "<h4 dir=\"auto\">a</h4>",
    "# C#": "<h3 dir=\"auto\">C#</h3>",
    "#a": paragraph("#a"),
    // Entities.
    "&lt;b&gt; &amp;amp; &copy; &#20320;&#x597d; &hellip;&rarr;&alpha; &nope; &": paragraph("&lt;b&gt; &amp;amp; © 你好 …→α &amp;nope; &amp;"),
    "`&lt;` &#0; &#xD800;": paragraph("<code>&amp;lt;</code> \ufffd \ufffd"),
    // Task boxes.
    "- [x] a\n- [ ] b\n- [] c": `<ul><li class="task">${done}a</li><li class="task">${open}b</li><li>[] c</li></ul>`,
    "1. [X] a\n\n   b": `<ol><li class="task">${done}${paragraph("a")}${paragraph("b")}</li></ol>`,
    // References.
    "see [the docs][d], [D] and [d][]\n\n[d]: https://e.org/a 'Docs'": paragraph(
      `see ${link("https://e.org/a", "the docs")}, ${link("https://e.org/a", "D")} and ${link("https://e.org/a", "d")}`),
    "[a]: https://e.org/1\n[a]: https://e.org/2\n[b]:\n<https://e.org/3>\nrest [a] [b] [c]": paragraph(
      `rest ${link("https://e.org/1", "a")} ${link("https://e.org/3", "b")} [c]`),
    "[a]: javascript:boom()\n\n[a]": `${paragraph("[a]: javascript:boom()")}${paragraph("[a]")}`,
    "[**a** `]`](https://e.org/ \"t\") <https://e.org/b>": paragraph(
      `${link("https://e.org/", "<strong>a</strong> <code>]</code>")} ${link("https://e.org/b", "https://e.org/b")}`),
    "[a [b](https://e.org/b)](c) ![i](https://e.org/i.png)": paragraph(`[a ${link("https://e.org/b", "b")}](c) ${link("https://e.org/i.png", "i")}`),
    // Indented code.
    "a\n\n    b <c>\n\n\n      d\n\ne": `${paragraph("a")}${code("b &lt;c&gt;\n\n\n  d")}${paragraph("e")}`,
    "a\n    b": paragraph("a<br>b"),
    "\ta\n\t\tb": code("a\n\tb"),
    // Emphasis beside marks and letters of Chinese, Japanese and Korean.
    "**“重点”**内容": paragraph("<strong>“重点”</strong>内容"),
    "这是**“重点”**，和**（注意）**内容。": paragraph("这是<strong>“重点”</strong>，和<strong>（注意）</strong>内容。"),
    "**`码`**是，*「斜」*体，~~“删”~~除": paragraph("<strong><code>码</code></strong>是，<em>「斜」</em>体，<del>“删”</del>除"),
    "**제목:**입니다 3~5 和 6~7": paragraph("<strong>제목:</strong>입니다 3~5 和 6~7"),
    // Emphasis, by CommonMark's rules of runs.
    "*a **b***, **a *b***, ***a* b**": paragraph("<em>a <strong>b</strong></em>, <strong>a <em>b</em></strong>, <strong><em>a</em> b</strong>"),
    "**a**b**c** a*\"b\"*c": paragraph("<strong>a</strong>b<strong>c</strong> a*\"b\"*c"),
    "*a*b* ** c** _a_b_": paragraph("<em>a</em>b* ** c** <em>a_b</em>"),
    "*a [b*](https://e.org/)*": paragraph(`<em>a ${link("https://e.org/", "b*")}</em>`),
    "*a `b*` c*": paragraph("<em>a <code>b*</code> c</em>"),
    // Code.
    "````md\n```\na\n```\n````": code("```\na\n```", "md"),
    "``` a`b": paragraph("``` a`b"),
    "\\`a` b`": paragraph("`a<code> b</code>"),
    "| a |\n|---|\n| x<br>y |\nafter": "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table><thead><tr><th class=\"align-start\" scope=\"col\">a</th></tr></thead>"
      + `<tbody><tr><td class="align-start">x<br>y</td></tr></tbody></table></div>${paragraph("after")}`,
    "a:\n| b |\n|---|": `${paragraph("a:")}<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead><tr><th class="align-start" scope="col">b</th></tr></thead><tbody></tbody></table></div>`,
  };
  for (const [text, html] of Object.entries(cases)) {
    assert.equal(await render(page, text), html, text);
  }
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
    "](", "[[a](b)", "***a**b*", "```", "```\n", "> \n", "- a\n", " - a\n", "|a|\n|-|\n", "a|b\n-|-\n", "a\n\n", "   a\n",
    "a*b", "*a* b", "**a _b~~c ", "[a]: https://e.org\n", "[a][b] ", "[a](<", "[a](https://e.org \"", "<https://e.org", "&amp", "&#1", "a\n-\n", "    a\n", "- [ ] a\n", "> - a\n", "\\\n", "  \n", "`a` ", "“**"]) {
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
