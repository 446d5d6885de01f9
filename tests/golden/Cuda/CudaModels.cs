using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>Loads models whose kernels are PTX, executed instruction by instruction on the CPU.</summary>
internal static class CudaModels
{
    // Longer prompts take minutes on the CPU. Set HUNYUAN_TEST_ALL_PTX=1 to run them too.
    private static readonly int MostTokens = Environment.GetEnvironmentVariable("HUNYUAN_TEST_ALL_PTX") == "1" ? int.MaxValue : 33;

    /// <summary>Models with one key/value cache for two and for four layers, without sharing, and without experts.</summary>
    public static readonly string[] Names = ["tiny-cla", "tiny-top8-nocla", "tiny-dense", "tiny-share4"];

    public static ModelRunner Load(string folder, ComputeMode mode, QuantFormat? quant = null, KvFormat? kv = null, PtxDriver? driver = null) =>
        ModelRunner.Load(folder, Options(mode, quant, kv, driver));

    public static ModelOptions Options(ComputeMode mode, QuantFormat? quant = null, KvFormat? kv = null, PtxDriver? driver = null) => new()
    {
        Mode = mode, Quant = quant, Kv = kv, Threads = 1, PinThreads = false, KvTokens = 1024, MaxBatchTokens = 256, MaxLogitRows = 128,
        Device = new DeviceChoice("ptx", "PTX on the CPU", "ptx", 0, () => new CudaComputeDevice(driver ?? new PtxDriver())),
    };

    public static GoldenPrompt[] Prompts(GoldenCase golden) => [.. golden.Prompts.Where(static prompt => prompt.Ids.Length <= MostTokens)];
}
