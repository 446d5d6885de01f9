using System.Text.Json;

namespace HunyuanOrleans.TestSupport;

/// <summary>The results of the published code for one of the small random models in tests/data.</summary>
public sealed class GoldenCase
{
    private GoldenCase(string name)
    {
        Name = name;
        string folder = Path.Combine(TestPaths.Data, "expected", name);
        byte[] data = File.ReadAllBytes(Path.Combine(folder, "golden.bin"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        Prompts = [.. json.RootElement.GetProperty("prompts").EnumerateArray().Select(p => new GoldenPrompt(ModelFolder, data, p.Clone()))];
    }

    /// <summary>The names of all models. The list is fixed, so that the tests of a model that is missing from a checkout fail.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["tiny-cla", "tiny-cla-fp32", "tiny-dense", "tiny-noqknorm", "tiny-share4", "tiny-top8-nocla", .. HyV3];

    /// <summary>The names of the models of type hy_v3.</summary>
    public static IReadOnlyList<string> HyV3 => ["tiny-hy3", "tiny-hy3-fp32", "tiny-hy3-outer"];

    /// <summary>The name of the model.</summary>
    public string Name { get; }

    /// <summary>The folder of the model.</summary>
    public string ModelFolder => TestPaths.Model(Name);

    /// <summary>The recorded prompts.</summary>
    public IReadOnlyList<GoldenPrompt> Prompts { get; }

    /// <summary>Reads the results for a model.</summary>
    public static GoldenCase Load(string name) => new(name);

    /// <summary>The prompt of <paramref name="length"/> tokens.</summary>
    public GoldenPrompt PromptOfLength(int length) => Prompts.Single(p => p.Ids.Length == length);
}
