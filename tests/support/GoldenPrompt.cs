using System.Runtime.InteropServices;
using System.Text.Json;

namespace HunyuanOrleans.TestSupport;

/// <summary>A recorded prompt with the results of the published code.</summary>
public sealed class GoldenPrompt
{
    private readonly byte[] _data;
    private readonly JsonElement _json;

    internal GoldenPrompt(string modelFolder, byte[] data, JsonElement json)
    {
        ModelFolder = modelFolder;
        _data = data;
        _json = json;
        Ids = Ints(json.GetProperty("ids"));
        GreedyIds = Ints(json.GetProperty("greedy_ids"));
        LogitPositions = Ints(json.GetProperty("logit_positions"));
    }

    /// <summary>The folder of the model.</summary>
    public string ModelFolder { get; }

    /// <summary>The token ids of the prompt.</summary>
    public int[] Ids { get; }

    /// <summary>The token ids of the prompt, separated by commas.</summary>
    public string IdList => string.Join(',', Ids);

    /// <summary>The greedy continuation.</summary>
    public int[] GreedyIds { get; }

    /// <summary>The positions whose logits are recorded.</summary>
    public int[] LogitPositions { get; }

    /// <summary>The recorded logits, [positions, vocabulary].</summary>
    public float[] Logits => Array("logits").Values;

    /// <summary>The size of the vocabulary.</summary>
    public int Vocabulary => Array("logits").Shape[1];

    /// <summary>Whether the model has experts.</summary>
    public bool HasExperts => _json.TryGetProperty("experts", out JsonElement e) && e.ValueKind == JsonValueKind.Array;

    /// <summary>The experts of a token in a layer.</summary>
    public int[] Experts(int layer, int token) => Ints(_json.GetProperty("experts")[layer][token]);

    /// <summary>A recorded list of whole numbers.</summary>
    public int[] List(string name) => Ints(_json.GetProperty(name));

    /// <summary>A recorded list of lists of whole numbers.</summary>
    public int[][] Lists(string name) => [.. _json.GetProperty(name).EnumerateArray().Select(Ints)];

    /// <summary>Whether an array is recorded.</summary>
    public bool HasArray(string name) => _json.GetProperty("arrays").TryGetProperty(name, out _);

    /// <summary>A recorded array, row-major.</summary>
    public (float[] Values, int[] Shape) Array(string name)
    {
        JsonElement entry = _json.GetProperty("arrays").GetProperty(name);
        int[] shape = Ints(entry.GetProperty("shape"));
        int count = shape.Aggregate(1, (a, b) => a * b);
        ReadOnlySpan<byte> bytes = _data.AsSpan(entry.GetProperty("offset").GetInt32(), count * sizeof(float));
        return (MemoryMarshal.Cast<byte, float>(bytes).ToArray(), shape);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
