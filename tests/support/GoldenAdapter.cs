using System.Text.Json;

namespace HunyuanOrleans.TestSupport;

/// <summary>The results of the published code with one of the random LoRA adapters in tests/data/lora.</summary>
public sealed class GoldenAdapter
{
    private GoldenAdapter(string name)
    {
        Name = name;
        string folder = Path.Combine(TestPaths.Data, "lora", "expected", name);
        byte[] data = File.ReadAllBytes(Path.Combine(folder, "golden.bin"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        Base = json.RootElement.GetProperty("base").GetString()!;
        Scale = json.RootElement.GetProperty("scale").GetSingle();
        Json = json.RootElement.Clone();
        Prompts = [.. json.RootElement.GetProperty("prompts").EnumerateArray().Select(p => new GoldenPrompt(ModelFolder, data, p.Clone()))];
    }

    /// <summary>The names of all adapters. The list is fixed, so that the tests of an adapter that is missing from a checkout fail.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tiny-cla-all-rslora", "tiny-cla-qkvo", "tiny-dense-all-rslora", "tiny-dense-qkvo"];

    /// <summary>The name of the adapter.</summary>
    public string Name { get; }

    /// <summary>The name of its base model, one of <see cref="GoldenCase.Names"/>.</summary>
    public string Base { get; }

    /// <summary>The factor of its products.</summary>
    public float Scale { get; }

    /// <summary>All of golden.json.</summary>
    public JsonElement Json { get; }

    /// <summary>The folder of the base model.</summary>
    public string ModelFolder => TestPaths.Model(Base);

    /// <summary>The folder of the adapter.</summary>
    public string Folder => FolderOf(Name);

    /// <summary>The recorded prompts.</summary>
    public IReadOnlyList<GoldenPrompt> Prompts { get; }

    /// <summary>The folder of an adapter.</summary>
    public static string FolderOf(string name) => Path.Combine(TestPaths.Data, "lora", "adapters", name);

    /// <summary>Reads the results for an adapter.</summary>
    public static GoldenAdapter Load(string name) => new(name);
}
