using System.Text.Json;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Templates.Jinja;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

/// <summary>Compares renderings with those of Jinja2 itself, recorded in tests/data/templates/cases.json.</summary>
public sealed class JinjaCaseTests
{
    private static readonly JsonElement Data = Read();

    private static readonly Dictionary<string, JsonElement> Variables =
        Data.GetProperty("variables").EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value);

    public static TheoryData<string> Names() =>
        [.. Data.GetProperty("cases").EnumerateArray().Select(static c => c.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Renders_the_same_text_as_Jinja2(string name)
    {
        JsonElement item = Data.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == name);
        bool plain = item.GetProperty("plain").GetBoolean();
        TemplateOptions options = new() { TrimBlocks = !plain, LstripBlocks = !plain };
        string source = item.GetProperty("template").GetString()!;
        if (item.GetProperty("expected").GetString() is { } expected)
        {
            Assert.Equal(expected, JinjaTemplate.Parse(source, options).Render(Variables));
        }
        else
        {
            TemplateException error = Assert.Throws<TemplateException>(() => JinjaTemplate.Parse(source, options).Render(Variables));
            Assert.StartsWith("Chat template, line ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_template_renders_the_same_twice()
    {
        JinjaTemplate template = JinjaTemplate.Parse("{% set _ = d.update({'a': 9}) %}{% set _ = l.append(4) %}{{ d.a }}{{ l | length }}");
        Assert.Equal("94", template.Render(Variables));
        Assert.Equal("94", template.Render(Variables));
    }

    [Fact]
    public void Line_breaks_of_the_source_are_normalised()
    {
        Assert.Equal("a\nb\nc", JinjaTemplate.Parse("a\r\nb\rc\r\n").Render(Variables));
        Assert.Equal("a\n", JinjaTemplate.Parse("a\n", new TemplateOptions { KeepTrailingNewline = true }).Render(Variables));
    }

    private static JsonElement Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Data, "templates", "cases.json")));
        return document.RootElement.Clone();
    }
}
