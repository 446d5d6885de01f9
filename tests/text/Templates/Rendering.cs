using System.Text.Json;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Templates.Jinja;

namespace HunyuanOrleans.Text.Tests.Templates;

/// <summary>Renders templates with the variables of an anonymous object.</summary>
internal static class Rendering
{
    public static Dictionary<string, JsonElement> Variables(object? values) => values is null
        ? []
        : JsonSerializer.SerializeToElement(values).EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value);

    public static string Text(string template, object? values = null, TemplateOptions? options = null) =>
        JinjaTemplate.Parse(template, options).Render(Variables(values));

    /// <summary>Renders a template and encloses text of the request in guillemets.</summary>
    public static string Marked(string template, object? values = null, object? trusted = null) =>
        Marked(JinjaTemplate.Parse(template).RenderSegments(Variables(values), Variables(trusted)));

    public static string Marked(IReadOnlyList<TemplateSegment> segments) =>
        string.Concat(segments.Select(static s => s.FromTemplate ? s.Text : $"«{s.Text}»"));

    public static JsonElement Json(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
