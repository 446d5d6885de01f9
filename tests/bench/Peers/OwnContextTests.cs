using HunyuanOrleans.Bench.Peers.Engines;
using HunyuanOrleans.Bench.Peers.Measuring;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests.Peers;

public sealed class OwnContextTests : IDisposable
{
    private const int Positions = 64;

    private readonly TempFolder _folder = new();
    private readonly OwnModel _model;

    public OwnContextTests()
    {
        RandomModel.Write(AgreementCheck.Shape with { Layers = 1 }, _folder.File("model"));
        _model = OwnModel.Load(_folder.File("model"), ComputeMode.F32, quant: null, threads: 1, positions: 3 * Positions);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Sequences_of_a_step_do_not_see_each_other()
    {
        float[] alone = Logits(1, [3, 4, 5, 6]);
        using IPeerContext context = _model.CreateContext(2, Positions);
        PeerStep.Fill(context, 2, [9, 8, 7, 1, 3, 4, 5, 6]);
        Assert.Equal(4, context.Length);
        Assert.Equal(alone, context.Logits(1).ToArray());
        Assert.NotEqual(alone, context.Logits(0).ToArray());
    }

    [Fact]
    public void A_truncated_context_goes_on_as_if_it_had_not_been_longer()
    {
        using IPeerContext context = _model.CreateContext(1, Positions);
        context.Step([3, 4, 9, 9, 9]);
        context.Truncate(2);
        context.Step([5, 6]);
        Assert.Equal(Logits(1, [3, 4, 5, 6]), context.Logits(0).ToArray());
    }

    [Fact]
    public void Blocks_return_when_a_context_is_disposed()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.NotEmpty(Logits(3, [1, 2, 3]));
        }
    }

    private float[] Logits(int sequences, int[] tokens)
    {
        using IPeerContext context = _model.CreateContext(sequences, Positions);
        PeerStep.Fill(context, sequences, tokens);
        return context.Logits(0).ToArray();
    }
}
