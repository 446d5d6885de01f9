using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>Random adapters for a model of the tests, which change attention and experts, and are removed with the object.</summary>
internal sealed class TestAdapters : IDisposable
{
    public const long Budget = 1 << 30;

    private static readonly string[] Attention = ["q_proj", "k_proj", "v_proj", "o_proj"];

    private readonly TempFolder _folders = new();
    private readonly TestModel _model;

    /// <summary>Writes the adapters a0, a1, …: every second one changes attention alone.</summary>
    public TestAdapters(TestModel model, int count)
    {
        _model = model;
        Folders = Enumerable.Range(0, count).ToDictionary(static i => $"a{i}", i => Write($"a{i}", i + 1));
    }

    /// <summary>The folders by name.</summary>
    public IReadOnlyDictionary<string, string> Folders { get; }

    /// <summary>Bytes of each adapter in memory.</summary>
    public long BytesOf(string name) => AdapterFiles.Read(Folders[name], _model.Config).Bytes;

    public string DigestOf(string name) => AdapterFiles.Read(Folders[name], _model.Config).Digest;

    /// <summary>Writes one more adapter.</summary>
    /// <returns>Its folder.</returns>
    public string Write(string name, int seed)
    {
        string folder = _folders.File(name);
        RandomAdapter.Write(folder, _model.Config, 2 + (seed % 3), seed % 2 == 0 ? Attention : [.. Attention, "gate_proj", "up_proj", "down_proj"], seed);
        return folder;
    }

    /// <summary>Requests of which one names no adapter, and the next the first, and so on.</summary>
    public GenerationRequest[] Mix(GenerationRequest[] requests) =>
        [.. requests.Select((request, i) => i % (Folders.Count + 1) == 0 ? request : request with { Adapter = $"a{(i % (Folders.Count + 1)) - 1}" })];

    /// <summary>Starts a silo with all adapters.</summary>
    public HunyuanSiloOptions AddTo(HunyuanSiloOptions options, long budget = Budget) => options with
    {
        AdapterBytes = budget,
        Models = [.. options.Models.Select(model => model with { Adapters = Folders })],
    };

    public void Dispose() => _folders.Dispose();
}
