using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Templates.Jinja;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

public sealed class TemplateErrorTests
{
    [Theory]
    [InlineData("a\nb\n{{ 1 + }}", 3, "expected an expression, found '}}'")]
    [InlineData("a\n{% if x %}\n\n{% for y in z %}\n", 4, "'{% for %}' is never closed; expected '{% endfor %}'")]
    [InlineData("a\n{% if x %}\n\n{% endfor %}", 4, "found '{% endfor %}'")]
    [InlineData("{#\n\n#}\n{{ 'a\n\n' }}{% nosuch %}", 6, "unknown statement 'nosuch'")]
    [InlineData("\n{{ [1,\n2,\n) }}", 4, "expected ']', found ')'")]
    [InlineData("{% raw %}\n{{ x }}\n{% endraw %}\n{{ y z }}", 4, "expected '}}', found 'z'")]
    [InlineData("\n{% raw %}\n", 2, "no closing '{% endraw %}'")]
    [InlineData("\n\n{# open", 3, "no closing '#}'")]
    [InlineData("x\r\n\r\n{{ ?", 3, "unexpected character '?'")]
    [InlineData("\n{{ 'open", 2, "no closing '")]
    [InlineData("\n{% set 1 = 2 %}", 2, "expected a name to assign to, found '1'")]
    [InlineData("\n{% for x of y %}{% endfor %}", 2, "expected 'in', found 'of'")]
    [InlineData("{% macro m(a=1, b) %}{% endmacro %}", 1, "'b' has no default")]
    [InlineData("\n{{ f(a=1, 2) }}", 2, "positional arguments come first")]
    [InlineData("\n{% else %}", 2, "nothing is open")]
    [InlineData("{{ 'a\\x4' }}", 1, "needs 2 hexadecimal digits")]
    public void A_syntax_error_names_the_line_and_what_was_expected(string source, int line, string part)
    {
        TemplateException error = Assert.Throws<TemplateException>(() => JinjaTemplate.Parse(source));
        Assert.Equal(line, error.Line);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.StartsWith($"Chat template, line {line}: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\n{{ x.y }}", 2, "'x' is undefined")]
    [InlineData("a\n\n{{ 'a' + 1 }}", 3, "use '~'")]
    [InlineData("{% macro m() %}\n{{ 1 // 0 }}\n{% endmacro %}\n\n{{ m() }}", 2, "division by zero")]
    [InlineData("{% for i in [1, 2] %}\n{% if i == 2 %}\n{{ nope.a }}{% endif %}{% endfor %}", 3, "'nope' is undefined")]
    [InlineData("\n{{ 1 | nosuch }}", 2, "unknown filter 'nosuch'; known are abs, ")]
    [InlineData("\n{{ 1 is nosuch }}", 2, "unknown test 'nosuch'; known are ")]
    [InlineData("{{ [1,\n 2]\n | join(1, 2, 3) }}", 3, "join takes at most (d, attribute), but 3 arguments are given")]
    [InlineData("\n{{ 'a'.strip(x=1) }}", 2, "strip takes at most (chars), not 'x'")]
    [InlineData("\n{{ 'a'.replace('b') }}", 2, "replace needs the argument 'new'")]
    [InlineData("\n{{ 'a'.nosuch() }}", 2, "'str object' has no attribute or item 'nosuch'")]
    [InlineData("\n{% set a, b = [1] %}", 2, "expected 2 values to unpack, found 1")]
    [InlineData("{{ 'x' }}\n{{ [3, 'a'] | sort }}", 2, "cannot compare")]
    public void An_error_during_rendering_names_the_line(string source, int line, string part)
    {
        JinjaTemplate template = JinjaTemplate.Parse(source);
        TemplateException error = Assert.Throws<TemplateException>(() => template.Render(Rendering.Variables(null)));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public void Raise_exception_fails_with_its_message()
    {
        TemplateException error = Assert.Throws<TemplateException>(
            () => Rendering.Text("\n{% if true %}{{ raise_exception('Roles must alternate: ' ~ r) }}{% endif %}", new { r = "user" }));
        Assert.Equal("Roles must alternate: user", error.Detail);
        Assert.Equal(2, error.Line);
        Assert.EndsWith(": Roles must alternate: user", error.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<TextException>(error);
    }

    [Fact]
    public void Inconsistent_comparisons_do_not_break_sorting()
    {
        const string Source = "{% set n = 'nan' | float %}{% set ns = namespace(l=[]) %}"
            + "{% for i in range(200) %}{% set ns.l = ns.l + [i * 7919 % 211, n, [n], (i, n)][:2] %}{% endfor %}{{ ns.l | sort | length }}";
        Assert.Equal("400", Rendering.Text(Source));
    }

    [Fact]
    public void Unknown_filters_that_are_never_evaluated_are_no_error()
    {
        Assert.Equal("ok", Rendering.Text("{% if false %}{{ 1 | nosuch }}{% endif %}ok"));
    }
}
