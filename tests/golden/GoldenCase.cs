using System.Runtime.InteropServices;
using System.Text.Json;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>The published code's numbers for one model.</summary>
internal sealed class GoldenCase
{
    private readonly byte[] _data;

    private GoldenCase(string name)
    {
        Name = name;
        string folder = Path.Combine(TestPaths.Data, "expected", name);
        _data = File.ReadAllBytes(Path.Combine(folder, "golden.bin"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        Prompts = [.. json.RootElement.GetProperty("prompts").EnumerateArray().Select(p => new Prompt(this, p.Clone()))];
    }

    public static IReadOnlyList<string> Names { get; } =
        ["tiny-cla", "tiny-cla-fp32", "tiny-top8-nocla", "tiny-noqknorm", "tiny-share4", "tiny-dense"];

    public string Name { get; }

    public string ModelFolder => Path.Combine(TestPaths.Data, "models", Name);

    public IReadOnlyList<Prompt> Prompts { get; }

    public static TheoryData<string, InstructionSet> WithEveryInstructionSet()
    {
        TheoryData<string, InstructionSet> data = [];
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            foreach (string name in Names)
            {
                data.Add(name, isa);
            }
        }

        return data;
    }

    public static GoldenCase Load(string name) => new(name);

    internal sealed class Prompt(GoldenCase owner, JsonElement json)
    {
        public int[] Ids { get; } = Ints(json.GetProperty("ids"));

        public int[] GreedyIds { get; } = Ints(json.GetProperty("greedy_ids"));

        public int[] LogitPositions { get; } = Ints(json.GetProperty("logit_positions"));

        public bool HasExperts => json.TryGetProperty("experts", out JsonElement e) && e.ValueKind == JsonValueKind.Array;

        public int[] Experts(int layer, int token) => Ints(json.GetProperty("experts")[layer][token]);

        public bool HasArray(string name) => json.GetProperty("arrays").TryGetProperty(name, out _);

        /// <summary>A stored array, row-major.</summary>
        public (float[] Values, int[] Shape) Array(string name)
        {
            JsonElement entry = json.GetProperty("arrays").GetProperty(name);
            int[] shape = Ints(entry.GetProperty("shape"));
            int count = shape.Aggregate(1, (a, b) => a * b);
            ReadOnlySpan<byte> bytes = owner._data.AsSpan(entry.GetProperty("offset").GetInt32(), count * 4);
            return (MemoryMarshal.Cast<byte, float>(bytes).ToArray(), shape);
        }

        private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
    }
}
