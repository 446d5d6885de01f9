using System.Runtime.InteropServices;
using System.Text.Json;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>One recorded prompt of a small random model, with what the publisher's code gave for it.</summary>
internal sealed record GoldenCase(string Model, int[] Ids, int[] GreedyIds, int Vocabulary, float[] Logits)
{
    /// <summary>The names of the models.</summary>
    public static IEnumerable<object[]> Models { get; } =
        [.. Directory.GetDirectories(Path.Combine(TestPaths.Data, "models")).Select(d => new object[] { Path.GetFileName(d) })];

    /// <summary>The model's folder.</summary>
    public string Folder => Path.Combine(TestPaths.Data, "models", Model);

    /// <summary>The prompt as the option --ids takes it.</summary>
    public string IdList => string.Join(',', Ids);

    /// <summary>The prompt of <paramref name="length"/> tokens; logits of all its positions where they were recorded, else of the last.</summary>
    public static GoldenCase Load(string model, int length)
    {
        string folder = Path.Combine(TestPaths.Data, "expected", model);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
        JsonElement prompt = json.RootElement.GetProperty("prompts").EnumerateArray().Single(p => p.GetProperty("ids").GetArrayLength() == length);
        JsonElement array = prompt.GetProperty("arrays").GetProperty("logits");
        int[] shape = DemoExpected.Ids(array, "shape");
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "golden.bin"));
        float[] logits = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(array.GetProperty("offset").GetInt32(), shape[0] * shape[1] * sizeof(float))).ToArray();
        return new GoldenCase(model, DemoExpected.Ids(prompt, "ids"), DemoExpected.Ids(prompt, "greedy_ids"), shape[1], logits);
    }
}
