using System.Text;
using System.Text.Json;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Templates.Jinja;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

public sealed class TemplateFuzzTests
{
    private static readonly string[] Pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "'", "\"", "\\", "~", "*", "**", "//", "%", "=", "==",
        "<", ">", " in ", " is ", " not ", " if ", " else ", "for ", "set ", "endif", "endfor", "macro ", "loop", "messages", "namespace(", "range(", "0", "-1",
        "99999999999", "1e9", "none", "true", "\n", " ", "👍", "\ud83d", "\0", "raw", "endraw", "tojson", "map(", "sort", "|join", "[::-1]", "**kwargs", "caller()",
    ];

    [Fact]
    public void Ten_thousand_mutations_throw_only_template_exceptions()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Data, "templates", "cases.json")));
        Dictionary<string, JsonElement> variables =
            document.RootElement.GetProperty("variables").EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value.Clone());
        List<string> seeds = [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(static c => c.GetProperty("template").GetString()!)];
        TemplateOptions options = new() { MaxSteps = 20_000, MaxOutputChars = 50_000, MaxRange = 2_000 };
        Random random = new(20260717);
        int rendered = 0;
        for (int i = 0; i < 10_000; i++)
        {
            string source = Mutate(seeds, random);
            try
            {
                JinjaTemplate.Parse(source, options).RenderSegments(variables);
                rendered++;
            }
            catch (TemplateException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"{e.GetType().Name} for {JsonSerializer.Serialize(source)}: {e}");
            }
        }

        // Some mutations must render, or the test would cover the parser only.
        Assert.InRange(rendered, 1_000, 9_000);
    }

    private static string Mutate(List<string> seeds, Random random)
    {
        StringBuilder source = new(seeds[random.Next(seeds.Count)]);
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(source.Length + 1);
            int length = Math.Min(random.Next(1, 8), source.Length - at);
            switch (random.Next(5))
            {
                case 0:
                    source.Remove(at, length);
                    break;
                case 1:
                    source.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    source.Insert(random.Next(source.Length + 1), source.ToString(at, length));
                    break;
                case 3:
                    source.Remove(at, length).Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                default:
                    string other = seeds[random.Next(seeds.Count)];
                    int from = random.Next(other.Length);
                    source.Insert(at, other.AsSpan(from, Math.Min(random.Next(1, 40), other.Length - from)));
                    break;
            }
        }

        return source.ToString();
    }
}
