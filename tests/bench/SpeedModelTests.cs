using HunyuanOrleans.Bench.Speed;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class SpeedModelTests : IDisposable
{
    private const int Layers = 2;

    private static readonly SpeedCase Step = new(Streams: 4, Tokens: 1, Context: 40);

    private static readonly int[] LogitRows = [0, 1, 2, 3];

    private readonly ModelConfig _config = LoadConfig();
    private readonly PtxDriver _driver = new(new PtxDriverOptions());
    private readonly CudaComputeDevice _device;
    private readonly SpeedModel _model;

    public SpeedModelTests()
    {
        _device = new CudaComputeDevice(_driver);
        WeightTypes types = WeightTypes.Of(_config, ComputeMode.Bf16, QuantFormats.Parse("none"));
        _model = new SpeedModel(
            _device, _config, types, Layers, Step.Streams * SpeedMeasurement.BlocksOf(Step), maxRows: Step.Rows, maxStreams: Step.Streams);
    }

    public void Dispose()
    {
        _model.Dispose();
        _device.Dispose();
    }

    [Fact]
    public void Steps_are_replayed_as_those_of_a_model()
    {
        DeviceLimits limits = new(1, 1, 1, 1, 1);
        SpeedResult result = new SpeedMeasurement(_device, _config, _model, limits, "bf16", seconds: 0).Measure(Step);
        // Three measured runs; the second of the two before them records the graph and launches it too.
        Assert.Equal(4, _driver.GraphLaunches);
        Assert.Equal(Layers, result.Layers);
        Assert.True(result.Milliseconds > 0);
        Assert.Equal(["attention", "combine", "experts down", "experts up", "lm_head", "norm", "output", "qkv", "routing", "shared down", "shared up", "split"],
            result.Parts.Select(static part => part.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_run_of_a_measurement_begins_with_the_same_rows()
    {
        SpeedMeasurement measurement = new(_device, _config, _model, new DeviceLimits(1, 1, 1, 1, 1), "bf16", seconds: 0);
        double bytes = measurement.Measure(Step).Bytes;
        // The layers go on with the rows that the last run of the measurement left.
        float[] after = [.. Submit().SelectMany(static layer => layer.Weights)];
        _model.Restart();
        (int[] Counts, float[] Weights)[] first = Submit();
        double expected = _model.HeadBytes + (Layers * Step.PositionsRead * _model.KvBytesPerPosition) + first.Select((layer, i) =>
            _model.Layers[i].AlwaysReadBytes + (layer.Counts.Count(static count => count > 0) * _model.Layers[i].ExpertBytes)).Sum();
        Assert.Equal(expected, bytes);
        Assert.Equal(after, Submit().SelectMany(static layer => layer.Weights));
    }

    // Weights of several experts depend on the rows; that of a single one is 1.
    private static ModelConfig LoadConfig()
    {
        using TempFolder folder = new();
        string json = File.ReadAllText(Path.Combine(TestPaths.DemoModel, "config.json"));
        folder.Write("config.json", json.Replace("\"moe_topk\": 1", "\"moe_topk\": 2", StringComparison.Ordinal));
        return ModelConfig.Load(folder.Root);
    }

    private (int[] Counts, float[] Weights)[] Submit()
    {
        List<(int[] Counts, float[] Weights)> layers = [];
        _model.Submit(LogitRows, static _ => { }, routed => layers.Add(
            (routed.Counts.ToArray(), [.. LogitRows.SelectMany(token => routed.WeightsOf(token).ToArray())])));
        return [.. layers];
    }
}
