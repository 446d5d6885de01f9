using System.Text;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Templates.Jinja;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

public sealed class TemplateLimitTests
{
    private static readonly TemplateOptions Small = new() { MaxSteps = 200_000, MaxOutputChars = 100_000 };

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "MaxSteps")]
    [InlineData("{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}", "Max")]
    [InlineData("{{ 'x' * 10000000000 }}", "MaxOutputChars")]
    [InlineData("{{ [0] * 10000000000 }}", "MaxSteps")]
    [InlineData("{{ range(100001) | length }}", "MaxRange")]
    [InlineData("{{ range(10 ** 30) | length }}", "MaxRange")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "MaxOutputChars")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "MaxSteps")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", "Max")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}", "Max")]
    [InlineData("{% set a = namespace(l=[1], m=[1]) %}{% for i in range(60) %}{% set a.l = [a.l, a.l] %}{% set a.m = [a.m, a.m] %}{% endfor %}{{ a.l == a.m }}", "MaxSteps")]
    [InlineData("{% set a = namespace(l=(1,), m=(1,)) %}{% for i in range(60) %}{% set a.l = (a.l, a.l) %}{% set a.m = (a.m, a.m) %}{% endfor %}{{ {a.l: 1}[a.m] }}", "MaxSteps")]
    [InlineData("{% set ns = namespace(t=(1,)) %}{% for i in range(1000) %}{% set ns.t = (ns.t,) %}{% endfor %}{{ {ns.t: 1} }}", "MaxDepth")]
    [InlineData("{% set ns = namespace(n=3) %}{% for i in range(40) %}{% set ns.n = ns.n * ns.n %}{% endfor %}", "bits")]
    [InlineData("{{ 9 ** (9 ** 9) }}", "bits")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "MaxDepth")]
    [InlineData("{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", "MaxDepth")]
    [InlineData("{% set l = [] %}{% set _ = l.append(l) %}{{ l | tojson }}", "MaxDepth")]
    [InlineData("{% set l = [] %}{% set m = [l] %}{% set _ = l.append(m) %}{{ l == m }}", "MaxDepth")]
    [InlineData("{% for n in [1] recursive %}{{ loop([n]) }}{% endfor %}", "MaxDepth")]
    [InlineData("{{ 'a' | center(1000000000) }}", "MaxOutputChars")]
    [InlineData("{{ 'a\nb' | indent(1000000000) }}", "MaxOutputChars")]
    [InlineData("{{ ('a' * 50000).replace('', 'xx') }}", "MaxOutputChars")]
    [InlineData("{% set s = 'a' * 90000 %}{% for i in range(100000) %}{% set t = s | upper %}{% endfor %}", "MaxSteps")]
    [InlineData("{% set s = 'a' * 90000 %}{% for i in range(100000) %}{% set t = s.find('b') %}{% endfor %}", "MaxSteps")]
    [InlineData("{% set s = 'a' * 90000 %}{% for i in range(100000) %}{% set t = 'b' in s %}{% endfor %}", "MaxSteps")]
    [InlineData("{% set s = 'a' * 90000 %}{% for i in range(100000) %}{% set t = s | length %}{% endfor %}", "MaxSteps")]
    [InlineData("{% set s = 'a' * 90000 %}{% set u = 'a' * 90000 %}{% for i in range(100000) %}{% set t = s == u %}{% endfor %}", "MaxSteps")]
    public void Hostile_templates_stop_at_a_limit(string source, string limit)
    {
        TemplateException error = Assert.Throws<TemplateException>(() => Rendering.Text(source, null, Small));
        Assert.Contains(limit, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ ", "(", "1", ")", " }}")]
    [InlineData("{{ ", "[", "1", "]", " }}")]
    [InlineData("{{ ", "{1:", "1", "}", " }}")]
    [InlineData("{{ ", "-", "1", "", " }}")]
    [InlineData("{{ ", "not ", "1", "", " }}")]
    [InlineData("{{ ", "f(", "1", ")", " }}")]
    [InlineData("{{ ", "1 if 1 else ", "1", "", " }}")]
    [InlineData("{{ ", "a[", "1", "]", " }}")]
    [InlineData("{{ x", ".a", "", "", " }}")]
    [InlineData("{{ x", "|list", "", "", " }}")]
    [InlineData("{{ x", " is defined", "", "", " }}")]
    [InlineData("{{ x", "[0]", "", "", " }}")]
    [InlineData("{{ f", "()", "", "", " }}")]
    [InlineData("", "{% if 1 %}", "", "{% endif %}", "")]
    [InlineData("{% for ", "(", "a", ")", " in x %}{% endfor %}")]
    [InlineData("{% set ", "(", "a", ")", " = x %}")]
    public void Nesting_of_every_kind_is_bounded(string before, string open, string middle, string close, string after)
    {
        StringBuilder source = new(before);
        source.Insert(before.Length, open, 5000).Append(middle);
        source.Insert(source.Length, close, 5000).Append(after);
        Assert.Throws<TemplateException>(() => Rendering.Text(source.ToString(), new { x = new[] { "a" } }));
    }

    [Fact]
    public void Long_flat_expressions_are_allowed()
    {
        Assert.Equal("5000", Rendering.Text("{{ 0" + string.Concat(Enumerable.Repeat(" + 1", 5000)) + " }}"));
        Assert.Equal(5000, Rendering.Text("{{ ''" + string.Concat(Enumerable.Repeat(" ~ 'x'", 5000)) + " }}").Length);
        Assert.Equal("1", Rendering.Text("{{ 0" + string.Concat(Enumerable.Repeat(" or 0", 5000)) + " or 1 }}"));
        Assert.Equal("y", Rendering.Text("{% if 0 %}" + string.Concat(Enumerable.Repeat("{% elif 0 %}x", 5000)) + "{% else %}y{% endif %}"));
    }

    [Fact]
    public void The_deepest_allowed_nesting_fits_a_small_stack()
    {
        string[] sources =
        [
            "{% macro m() %}{% if true %}{% for i in [1] %}{% with x = 1 %}{{ [m() ~ 'x'] | map('upper') | first }}{% endwith %}{% endfor %}{% endif %}{% endmacro %}{{ m() }}",
            "{% macro m() %}{% set x %}{% filter upper %}{% call n() %}{{ m() }}{% endcall %}{% endfilter %}{% endset %}{% endmacro %}{% macro n() %}{{ caller() }}{% endmacro %}{{ m() }}",
            "{{ " + string.Concat(Enumerable.Repeat("[", 290)) + string.Concat(Enumerable.Repeat("]", 290)) + " | tojson }}",
            "{{ " + string.Concat(Enumerable.Repeat("(1 if 1 else ", 140)) + "1" + string.Concat(Enumerable.Repeat(")", 140)) + " }}",
            "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(250) %}{% set ns.a = [ns.a] %}{% set ns.b = [ns.b] %}{% endfor %}{{ ns.a == ns.b }}{{ ns.a < ns.b }}{{ ns.a }}",
            "{% for n in [1] recursive %}{% if true %}{{ loop([n]) }}{% endif %}{% endfor %}",
        ];
        List<Exception> unexpected = [];
        Thread thread = new(
            () =>
            {
                foreach (string source in sources)
                {
                    try
                    {
                        Rendering.Text(source);
                    }
                    catch (TemplateException)
                    {
                    }
                    catch (Exception e)
                    {
                        unexpected.Add(e);
                    }
                }
            },
            maxStackSize: 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.Empty(unexpected);
    }

    [Fact]
    public void A_source_that_is_too_long_is_rejected()
    {
        TemplateException error = Assert.Throws<TemplateException>(() => JinjaTemplate.Parse("abcdef", new TemplateOptions { MaxSourceChars = 5 }));
        Assert.Contains("MaxSourceChars", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_below_one_are_rejected()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => JinjaTemplate.Parse("", new TemplateOptions { MaxSteps = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => JinjaTemplate.Parse("", new TemplateOptions { MaxDepth = -1 }));
    }

    [Fact]
    public void The_number_of_steps_is_deterministic()
    {
        const string Source = "{% for i in range(100) %}{{ i }}{% endfor %}";
        long needed = 1;
        while (Fails(needed))
        {
            needed++;
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.True(Fails(needed - 1));
            Assert.False(Fails(needed));
        }

        static bool Fails(long steps)
        {
            try
            {
                Rendering.Text(Source, null, new TemplateOptions { MaxSteps = steps });
                return false;
            }
            catch (TemplateException)
            {
                return true;
            }
        }
    }

    [Fact]
    public void Members_of_dotnet_objects_are_unreachable()
    {
        foreach (string member in new[] { "GetType", "__class__", "ToString", "Length", "Items", "OriginText", "__init__", "mro" })
        {
            Assert.Equal("False", Rendering.Text("{{ x." + member + " is defined }}", new { x = "s" }));
            Assert.Equal("False", Rendering.Text("{{ x." + member + " is defined }}", new { x = new[] { 1 } }));
            Assert.Equal("False", Rendering.Text("{{ x['" + member + "'] is defined }}", new { x = new { a = 1 } }));
            Assert.Equal("False", Rendering.Text("{{ range." + member + " is defined }}"));
        }
    }
}
