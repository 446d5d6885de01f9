using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>Counts the kernels of a decode step: each costs the GPU about a microsecond, also in a graph.</summary>
public sealed class CudaLaunchTests
{
    // The embedding, and for the logits the choice of rows, a norm and a product.
    private const int OutsideLayers = 4;

    /// <summary>
    /// Norm, projection, split, attention and output; then norm, router, choice of experts, rows for experts, four products and the sum. Without experts, two
    /// products follow the second norm. With more than 256 positions, partial results of attention are merged.
    /// </summary>
    [Theory]
    [InlineData("tiny-top8-nocla", 1, 14)]
    [InlineData("tiny-top8-nocla", 9, 15)]
    [InlineData("tiny-dense", 1, 8)]
    public void Kernels_of_a_layer(string name, int rows, int ofLayer)
    {
        GoldenCase golden = GoldenCase.Load(name);
        PtxDriver driver = new();
        using ModelRunner model = CudaModels.Load(golden.ModelFolder, ComputeMode.Bf16, driver: driver);
        Session session = new(model);
        int[] ids = golden.Prompts.First(static prompt => prompt.Ids.Length == 33).Ids;
        session.Append(ids.AsSpan(0, 4));
        long before = Launches(driver);
        session.Append(ids.AsSpan(4, rows));
        Assert.Equal((model.Config.Layers * ofLayer) + OutsideLayers, Launches(driver) - before);
    }

    private static long Launches(PtxDriver driver) => driver.Statistics.Values.Sum(static kernel => kernel.Launches);
}
