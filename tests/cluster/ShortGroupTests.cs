using System.Buffers.Binary;
using System.Text.Json;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>
/// A model whose last group of layers with shared keys and values is short: five layers in groups of two. What it must answer comes from a model with
/// six layers whose last layer adds nothing to the residual stream.
/// </summary>
public sealed class ShortGroupTests : IDisposable
{
    private const int Layers = 5;
    private const string Weights = "model.safetensors";

    private readonly TempFolder _six = new(), _five = new();

    public void Dispose()
    {
        _six.Dispose();
        _five.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_last_group_may_be_short(bool experts)
    {
        RandomModelOptions options = new()
        {
            Layers = Layers + 1,
            Hidden = 64,
            Heads = 4,
            KvHeads = 2,
            HeadDim = 16,
            Intermediate = 64,
            Experts = experts ? 4 : 1,
            SharedExperts = experts ? 1 : 0,
            ModelType = experts ? "hunyuan" : "hunyuan_v1_dense",
            Vocab = 256,
            ClaFactor = 2,
        };
        RandomModel.Write(options, _six.Root);
        RandomModel.Write(options with { Layers = Layers }, _five.Root);
        ShareWeights();
        TestModel six = new(_six.Root) { Name = "six" }, five = new(_five.Root) { Name = "five" };
        Assert.Equal((Layers, 3), (five.Config.Layers, five.Config.KvGroups));
        GenerationRequest[] requests = TestRequests.Create(6, five.VocabularySize);
        int[][][] expected = await LocalReference.RunAsync(six, requests);
        Assert.Equal(expected, await LocalReference.RunAsync(five, requests));

        // Two silos with half of the layers' groups each, and a third one, which takes a group with its keys and values from another.
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(2, five);
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
        Assert.Contains(
            (await cluster.Model.ReportAsync()).Stages, static stage => PinnedKey.Parse(stage).Layers is { FirstLayer: > 0, LastLayer: Layers - 1 });
        Task<int[][][]> running = cluster.Model.GenerateAllAsync(requests);
        await cluster.AddAsync();
        await cluster.Model.UntilAsync(static report => report.Stages.Length == 3);
        Assert.Equal(expected, await running);
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
    }

    /// <summary>
    /// Zeroes the matrices by which the sixth layer writes to the residual stream, and gives the model with five layers the weights of the other.
    /// </summary>
    private void ShareWeights()
    {
        byte[] six = File.ReadAllBytes(_six.File(Weights)), five = File.ReadAllBytes(_five.File(Weights));
        Dictionary<string, Range> from = Tensors(six);
        string[] outputs = [.. from.Keys.Where(static name => name.StartsWith($"model.layers.{Layers}.", StringComparison.Ordinal)
            && (name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal)))];
        Assert.True(outputs.Length >= 2);
        Assert.All(outputs, name => six.AsSpan(from[name]).Clear());
        foreach ((string name, Range range) in Tensors(five))
        {
            six.AsSpan(from[name]).CopyTo(five.AsSpan(range));
        }

        File.WriteAllBytes(_six.File(Weights), six);
        File.WriteAllBytes(_five.File(Weights), five);
    }

    private static Dictionary<string, Range> Tensors(byte[] file)
    {
        int head = sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using JsonDocument tensors = JsonDocument.Parse(file.AsMemory(sizeof(long), head - sizeof(long)));
        return tensors.RootElement.EnumerateObject().Where(static tensor => tensor.Name != "__metadata__").ToDictionary(
            static tensor => tensor.Name,
            tensor => new Range(head + tensor.Value.GetProperty("data_offsets")[0].GetInt32(), head + tensor.Value.GetProperty("data_offsets")[1].GetInt32()));
    }
}
