using System.Diagnostics;
using HunyuanOrleans.Bench.Devices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>
/// Measures the limits of a GPU, then layers of a model with its real shapes and random weights, as many as fit, in several forms. It needs a config.json
/// and no weights.
/// </summary>
internal static class SpeedBenchmark
{
    // For scratch memory, the driver, and what fragmentation may cost.
    private const long Reserve = 6L << 30;
    private const double SecondsPerStep = 1;

    /// <summary>Runs the benchmark within about --seconds, and leaves out what there is no time for.</summary>
    public static int Run(ReadOnlySpan<string> options)
    {
        Arguments arguments = new(
            options,
            [BenchDevice.Interpreter],
            [BenchDevice.Ordinal, "--model", "--layers", "--formats", "--streams", "--contexts", "--prefill", "--seconds", "--json"]);
        TimeSpan limit = TimeSpan.FromSeconds(arguments.Number("--seconds", 300));
        long start = Stopwatch.GetTimestamp();
        ModelConfig config = ModelConfig.Load(arguments.Get("--model"));
        if (!config.HasExperts || config.SharedExperts(config.FirstMoeLayer) == 0)
        {
            throw new ArgumentException($"{config.Source} has no layers with routed and shared experts.");
        }

        SpeedCase[] cases = Cases(arguments);
        int like = config.Layers - config.FirstMoeLayer, most = arguments.Integer("--layers", like, 1, like);
        using CudaComputeDevice device = BenchDevice.Open(arguments);
        CudaDeviceInfo info = device.Driver.Device;
        Console.WriteLine(BenchDevice.Describe(info));
        DeviceLimits limits = DeviceLimits.Measure(device, arguments.Has(BenchDevice.Interpreter));
        SpeedTable.Print(limits);
        SpeedResults results = new(limit, start);
        string model = Path.GetFileName(arguments.Get("--model").TrimEnd('/'));
        void Write() => BenchJson.Write(arguments.Find("--json"), new { Device = info, Model = model, Limits = limits, results.Measured, results.Skipped, results.Error });

        // After each measurement: a later one may end the process or take longer than the machine is there.
        results.Added = Write;
        try
        {
            foreach (string format in (arguments.Find("--formats") ?? "none,fp8,int8-all,int4").Split(','))
            {
                WeightTypes types = WeightTypes.Of(config, ComputeMode.Bf16, QuantFormats.Parse(format));
                Measure(device, config, types, Layers(config, types, cases, info.FreeBytes, most), cases, limits, results);
            }
        }
        catch (CudaException e)
        {
            results.Error = e.Message;
        }

        SpeedTable.PrintNote(config.Layers, results);
        Write();
        return results.Error is null && results.Measured.Count > 0 ? 0 : 1;
    }

    private static SpeedCase[] Cases(Arguments arguments)
    {
        int[] streams = arguments.Integers("--streams", 1, 4, 16, 64);
        return
        [
            .. arguments.Integers("--prefill", 2048).Select(static tokens => new SpeedCase(1, tokens, 0)),
            .. arguments.Integers("--contexts", 1024, 32768).SelectMany(context => streams.Select(count => new SpeedCase(count, 1, context - 1))),
        ];
    }

    private static int Blocks(SpeedCase[] cases) => cases.Max(static step => step.Streams * SpeedMeasurement.BlocksOf(step));

    private static int Layers(ModelConfig config, WeightTypes types, SpeedCase[] cases, long freeBytes, int most)
    {
        long layer = LayerMatrices.BytesOf(config, types, config.FirstMoeLayer);
        long kv = (long)SpeedModel.KvGroups * Blocks(cases) * KvBlocks.Positions * 2 * config.KvSize * sizeof(ushort);
        long head = (long)config.VocabSize * config.HiddenSize * sizeof(ushort);
        return (int)Math.Clamp((freeBytes - Math.Min(Reserve, freeBytes / 8) - kv - head) / layer, 1, most);
    }

    private static void Measure(
        CudaComputeDevice device,
        ModelConfig config,
        WeightTypes types,
        int layers,
        SpeedCase[] cases,
        DeviceLimits limits,
        SpeedResults results)
    {
        string format = types.Format == QuantFormat.None ? "bf16" : types.Format!.Value.Name();
        if (results.Skips(format))
        {
            return;
        }

        using SpeedModel model = new(
            device, config, types, layers, Blocks(cases), cases.Max(static step => step.Rows), cases.Max(static step => step.Streams));
        SpeedMeasurement measurement = new(device, config, model, limits, format, SecondsPerStep);
        foreach (SpeedCase step in cases)
        {
            if (!results.Skips($"{format}, {step.Name}"))
            {
                results.Add(measurement.Measure(step));
            }
        }
    }
}
