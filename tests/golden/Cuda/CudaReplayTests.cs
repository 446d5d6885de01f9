using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests.Cuda;

/// <summary>Steps that are replayed as they were recorded give the bits of steps that are submitted operation by operation.</summary>
public sealed class CudaReplayTests
{
    private const int Steps = 8;

    public static TheoryData<string> Models => [.. CudaModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void Replayed_steps_give_the_same_bits(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        int[] ids = golden.Prompts.First(static prompt => prompt.Ids.Length == 33).Ids;
        PtxDriver driver = new();
        using ModelRunner model = CudaModels.Load(golden.ModelFolder, ComputeMode.Bf16, driver: driver);
        float[][] replayed = Decode(model, ids, firstBlock: 0);

        // The first step of a size is submitted, the second is recorded and replayed.
        int replays = driver.GraphLaunches;
        Assert.InRange(replays, Steps - 1, Steps);

        // With an observer, nothing is recorded or replayed.
        model.Observer = new Observer();
        SameBitsTests.AssertSame(Decode(model, ids, firstBlock: 9), replayed, "replayed");
        Assert.Equal(replays, driver.GraphLaunches);
    }

    private static float[][] Decode(ModelRunner model, int[] ids, int firstBlock)
    {
        Session session = new(model, firstBlock);
        session.Append(ids.AsSpan(0, ids.Length - Steps));
        return [.. ids[^Steps..].Select(id => session.Append([id])[0])];
    }

    private sealed class Observer : IForwardObserver
    {
        public void OnEmbedded(IActivation x, int tokens)
        {
        }

        public void OnRouted(int layer, IActivation scores, IRoutedRows routed)
        {
        }

        public void OnLayerFinished(int layer, IActivation x, int tokens)
        {
        }
    }
}
