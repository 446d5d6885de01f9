using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>Invalid steps give clear errors, and the runner computes the same results afterwards.</summary>
public sealed class ModelRunnerErrorTests : IDisposable
{
    private const int MaxBatchTokens = 40;
    private const int MaxLogitRows = 4;
    private static readonly int[] Prompt = GoldenModels.Prompts(GoldenModels.TopFour)[2];
    private static readonly int[] Blocks = [0, 1];

    private readonly ModelRunner _model = ModelRunner.Load(TestPaths.Model(GoldenModels.TopFour), new ModelOptions
    {
        Mode = ComputeMode.F32, Threads = 2, PinThreads = false, KvTokens = 128, MaxBatchTokens = MaxBatchTokens, MaxLogitRows = MaxLogitRows,
    });

    private readonly float[] _expected;

    public ModelRunnerErrorTests() => _expected = Run();

    [Theory]
    [InlineData(-1)]
    [InlineData(512)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void IdsOutsideTheVocabulary(int id)
    {
        int[] ids = [.. Prompt];
        ids[20] = id;
        ModelException error = Assert.Throws<ModelException>(() => _model.Forward(ids, Batch(ids.Length, Blocks), [0], 1));
        Assert.Equal($"Token id {id} is outside the vocabulary; allowed: 0 to 511.", error.Message);
        AssertStillRight();
    }

    [Fact]
    public void MoreRowsThanAStepCarries()
    {
        int[] ids = new int[MaxBatchTokens + 1];
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => _model.Forward(ids, Batch(ids.Length, Blocks), [0], 1));
        Assert.Contains("41", error.Message, StringComparison.Ordinal);
        Assert.Contains("40", error.Message, StringComparison.Ordinal);
        AssertStillRight();
    }

    [Fact]
    public void ABlockTableThatIsTooShort()
    {
        AttentionBatch batch = _model.CreateBatch();
        ArgumentException error = Assert.Throws<ArgumentException>(() => batch.Add(new AttentionSlice(0, Prompt.Length, 0, new int[1])));
        Assert.Contains("with 1 blocks", error.Message, StringComparison.Ordinal);
        AssertStillRight();
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    public void ABlockOutsideThePool(int block)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.Forward(Prompt, Batch(Prompt.Length, [0, block]), [0], 1));
        AssertStillRight();
    }

    [Fact]
    public void LogitRowsOutsideTheStep()
    {
        int[][] wrong = [[-1], [Prompt.Length], [0, MaxBatchTokens], [0, 0, 0, 0, 0], []];
        foreach (int[] rows in wrong)
        {
            Assert.ThrowsAny<ArgumentException>(() => _model.Forward(Prompt, Batch(Prompt.Length, Blocks), rows, Math.Max(1, rows.Length)));
            AssertStillRight();
        }

        Assert.ThrowsAny<ArgumentException>(() => _model.Forward(Prompt, Batch(Prompt.Length, Blocks), [0], -1));
        AssertStillRight();
    }

    [Fact]
    public void FewerIdsThanRows()
    {
        Assert.ThrowsAny<ArgumentException>(() => _model.Forward(Prompt.AsSpan(1), Batch(Prompt.Length, Blocks), [0], 1));
        AssertStillRight();
    }

    [Fact]
    public void AnObserverThatFails()
    {
        foreach (int call in Enumerable.Range(0, 9))
        {
            _model.Observer = new FailingObserver(call);
            Assert.Throws<InvalidOperationException>(() => Run());
            _model.Observer = null;
            AssertStillRight();
        }
    }

    public void Dispose() => _model.Dispose();

    private AttentionBatch Batch(int rows, int[] blocks)
    {
        AttentionBatch batch = _model.CreateBatch();
        batch.Add(new AttentionSlice(0, rows, 0, blocks));
        return batch;
    }

    private float[] Run() => _model.Forward(Prompt, Batch(Prompt.Length, Blocks), [Prompt.Length - 1], 1).Row(0).ToArray();

    private void AssertStillRight() => GoldenModels.AssertSameBits(_expected, Run(), "after the error");

    /// <summary>Fails at the n-th call.</summary>
    private sealed class FailingObserver(int call) : IForwardObserver
    {
        private int _calls;

        public void OnEmbedded(IActivation x, int tokens) => Count();

        public void OnRouted(int layer, IActivation scores, IRoutedRows routed) => Count();

        public void OnLayerFinished(int layer, IActivation x, int tokens) => Count();

        private void Count()
        {
            if (_calls++ == call)
            {
                throw new InvalidOperationException("observer");
            }
        }
    }
}
