using HunyuanOrleans.Bench.Peers.Engines;
using HunyuanOrleans.Bench.Peers.Measuring;
using HunyuanOrleans.Kernels.Isa;
using Xunit;

namespace HunyuanOrleans.Bench.Tests.Peers;

public sealed class AgreementTests
{
    [SkippableFact]
    public void Both_engines_compute_the_same_model()
    {
        Skip.IfNot(LlamaLibrary.IsPresent, "llama.cpp's library is not here; build with -p:LlamaBackend=true.");
        LlamaLibrary.Load(LlamaLibrary.LevelFor(InstructionSets.Choose()));
        Assert.All(AgreementCheck.Run(threads: 2), static agreement => Assert.True(agreement.Passed, agreement.ToString()));
    }

    [Theory]
    [InlineData(0.1, true)]
    [InlineData(0.3, false)]
    [InlineData(double.NaN, false)]
    public void A_divergence_above_the_limit_is_no_agreement(double divergence, bool passed) =>
        Assert.Equal(passed, new Agreement("int8-all", "Q8_0", divergence, 0, 0, DivergenceLimit: 0.2).Passed);
}
