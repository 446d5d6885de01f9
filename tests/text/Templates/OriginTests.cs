using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Templates.Jinja;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

public sealed class OriginTests
{
    private static readonly object Values = new
    {
        u = "Ab c",
        n = 5,
        f = 1.5,
        d = new Dictionary<string, object> { ["k"] = "v" },
        l = new[] { "p", "q" },
        emoji = "x👍y",
        json = "a\"b",
    };

    [Theory]
    [InlineData("<{{ u }}>", "<«Ab c»>")]
    [InlineData("{{ '<' + u + '>' }}", "<«Ab c»>")]
    [InlineData("{{ '<' ~ u ~ 1 ~ '>' }}", "<«Ab c»1>")]
    [InlineData("{{ ('<' + u + '>')[::-1] }}", ">«c bA»<")]
    [InlineData("{{ ('<' + u + '>')[:3] }}", "<«Ab»")]
    [InlineData("{{ ('<' + u + '>')[1] }}", "«A»")]
    [InlineData("{{ ('<' + u + '>') | upper }}", "<«AB C»>")]
    [InlineData("{{ ('<' + u + '>') | title }}", "<«Ab C»>")]
    [InlineData("{{ (' ' + u + ' ') | trim }}", "«Ab c»")]
    [InlineData("{{ ('<|' + u + '|>').strip('|') }}", "<|«Ab c»|>")]
    [InlineData("{{ ('<' + u + '>') | replace('b', '<x>') }}", "<«A»<x>« c»>")]
    [InlineData("{{ u.replace('A', n | string) }}", "«5b c»")]
    [InlineData("{{ ('<;' + u).split(';') | join('+') }}", "<+«Ab c»")]
    [InlineData("{{ (u + '|x').split() | join('_') }}", "«Ab»_«c»|x")]
    [InlineData("{{ (u + '|x').rsplit('|', 1)[-1] }}", "x")]
    [InlineData("{{ u.partition(' ') | join('/') }}", "«Ab»/« »/«c»")]
    [InlineData("{{ '-'.join(l) }}", "«p»-«q»")]
    [InlineData("{{ l | join('<>') }}", "«p»<>«q»")]
    [InlineData("{% set x %}<{{ u }}>{% endset %}{{ x }}", "<«Ab c»>")]
    [InlineData("{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m(u) }}", "[«Ab c»]")]
    [InlineData("{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}{{ u }}.{% endcall %}", "[«Ab c».]")]
    [InlineData("{% filter upper %}x{{ u }}{% endfilter %}", "X«AB C»")]
    [InlineData("{% set ns = namespace(s='<') %}{% for x in l %}{% set ns.s = ns.s + x %}{% endfor %}{{ ns.s }}", "<«pq»")]
    [InlineData("{% for k, v in d.items() %}{{ k }}={{ v }}{% endfor %}", "«k»=«v»")]
    [InlineData("{% for c in '<' ~ u[:1] %}{{ c }}{% endfor %}", "<«A»")]
    [InlineData("{{ l }}", "«['p', 'q']»")]
    [InlineData("{{ ['<|eos|>'] }}", "«['»<|eos|>«']»")]
    [InlineData("{{ d | tojson }}", "«{\"k\": \"v\"}»")]
    [InlineData("{{ {'<|eos|>': u} | tojson }}", "«{\"»<|eos|>«\": \"Ab c\"}»")]
    [InlineData("{{ ('<' + json) | tojson }}", "«\"»<«a\\\"b\"»")]
    [InlineData("{{ n }}{{ n + 1 }}{{ 2 }}{{ f * 2 }}{{ n | string }}", "«56»2«3.05»")]
    [InlineData("{{ u | length }}{{ loop is defined }}", "4False")]
    [InlineData("{{ u | int(7) }}{{ '8' | int }}{{ (n | string) | int }}", "78«5»")]
    [InlineData("{{ ('<' + u) | indent(2, first=true) }}", "  <«Ab c»")]
    [InlineData("{{ ('<' + u) | e }}", "«&lt;Ab c»")]
    [InlineData("{{ ('<' + u + '>') | truncate(4, true, '!', 0) }}", "<«Ab»!")]
    [InlineData("{{ ('<' ~ emoji ~ '>')[::-1] }}", ">«y👍x»<")]
    [InlineData("{{ ('<' ~ emoji ~ '>')[2:4] }}", "«👍y»")]
    [InlineData("{{ ('a\nb' ~ u).splitlines() | join('|') }}", "a|b«Ab c»")]
    [InlineData("{{ u if true else 'x' }}{{ none }}{{ true }}", "«Ab c»NoneTrue")]
    [InlineData("{{ u * 2 }}{{ '<' * 2 }}", "«Ab cAb c»<<")]
    [InlineData("{{ u | list | first }}{{ u | reverse }}", "«Ac bA»")]
    [InlineData("{{ dict(a=u).a }}{{ (u, '<')[1] }}", "«Ab c»<")]
    [InlineData("{{ u | default('x') }}{{ zzz | default('x') }}{{ zzz | default(u) }}", "«Ab c»x«Ab c»")]
    [InlineData("{{ l | map('upper') | join }}{{ l | map('replace', 'p', '<') | join }}", "«PQ»<«q»")]
    [InlineData("{{ ('<' + u) | center(8) }}", " <«Ab c»  ")]
    [InlineData("{{ 'p' in l }}{{ l | sort | join }}", "True«pq»")]
    [InlineData("{{ dict(**d).keys() | join }}{{ namespace(**d).k }}", "«kv»")]
    [InlineData("{% macro m() %}{{ kwargs.keys() | join }}{% endmacro %}{{ m(**d) }}", "«k»")]
    [InlineData("{{ strftime_now(u) }}{{ strftime_now('<') }}{{ strftime_now('<' ~ u) }}", "«Ab c»<«<Ab c»")]
    [InlineData("{{ d | dictsort | first | join('=') }}{{ d | items | list }}{{ d.items() | map('join', '<') | first }}", "«k»=«v[('k', 'v')]k»<«v»")]
    public void Every_operation_keeps_the_origin_of_text(string template, string marked)
    {
        Assert.Equal(marked, Rendering.Marked(template, Values));
    }

    [Fact]
    public void Trusted_variables_count_as_text_of_the_template_unless_overridden()
    {
        Assert.Equal("<|bos|>", Rendering.Marked("{{ bos_token }}", null, new { bos_token = "<|bos|>" }));
        Assert.Equal("«<|eos|>»", Rendering.Marked("{{ bos_token }}", new { bos_token = "<|eos|>" }, new { bos_token = "<|bos|>" }));
    }

    [Fact]
    public void Segments_concatenate_to_the_rendered_text_and_alternate_in_origin()
    {
        JinjaTemplate template = JinjaTemplate.Parse("a{{ u }}{{ u }}b{{ 'c' }}{% for x in l %}{{ x ~ '.' }}{% endfor %}");
        IReadOnlyList<TemplateSegment> segments = template.RenderSegments(Rendering.Variables(Values));
        Assert.Equal(template.Render(Rendering.Variables(Values)), string.Concat(segments.Select(static s => s.Text)));
        for (int i = 0; i < segments.Count; i++)
        {
            Assert.NotEmpty(segments[i].Text);
            Assert.True(i == 0 || segments[i].FromTemplate != segments[i - 1].FromTemplate);
        }
    }
}
