using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>
/// Attention over 8-bit keys and values matches float64 over the dequantised bytes of the cache, is close to attention over keys and values
/// that are not rounded, and has the same bits for any batch, chunks, blocks and threads.
/// </summary>
public sealed class QuantizedAttentionTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const double SingleTolerance = 1e-5;

    private static readonly (int Sequence, int Count)[][] Steps =
    [
        [(0, 37), (1, 150), (2, 1), (3, 32)],
        [(3, 1), (0, 60), (2, 31)],
        [(1, 1), (4, 65), (0, 1), (2, 1), (3, 1)],
    ];

    public static TheoryData<ElementType, ElementType, AttentionShape> Cases
    {
        get
        {
            TheoryData<ElementType, ElementType, AttentionShape> data = [];
            foreach (ElementType type in KernelVariants.QuantizedKvTypes)
            {
                foreach (ElementType computeType in KernelVariants.Types)
                {
                    data.Add(type, computeType, new AttentionShape(20, 2, 80, Norm: true, Bias: false));
                    data.Add(type, computeType, new AttentionShape(3, 1, 128, Norm: true, Bias: true));
                    data.Add(type, computeType, new AttentionShape(10, 1, 8, Norm: false, Bias: false));
                    data.Add(type, computeType, new AttentionShape(2, 2, 12, Norm: true, Bias: true));
                    data.Add(type, computeType, new AttentionShape(2, 1, 2, Norm: true, Bias: false));
                    data.Add(type, computeType, new AttentionShape(64, 1, 16, Norm: true, Bias: false));
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void MatchesFloat64AndTheSequenceAlone(ElementType type, ElementType computeType, AttentionShape shape)
    {
        AttentionInputs inputs = new(shape);
        float[][][][]? portable = null;
        foreach (InstructionSet isa in FloatKernels.Sets)
        {
            float[][][][]? first = null;
            foreach (WorkerPool pool in pools.All)
            {
                using AttentionHarness harness = new(inputs, type, isa, pool, order: pool.Threads, computeType: computeType);
                float[][][][] outputs = [.. Steps.Select(step => harness.Step(step))];
                if (first is null)
                {
                    first = outputs;
                    AssertNear(harness, inputs, computeType, first, $"{isa}");
                }

                AssertSame(first, outputs, $"{isa}, {pool.Threads} threads");
            }

            if (!KernelVariants.RoundsDifferently(isa, computeType))
            {
                portable ??= first!;
                AssertSame(portable, first!, $"{isa}");
            }

            AssertAlone(inputs, type, computeType, isa, first!);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void InfinitiesOfAnEarlierSequenceHaveNoEffect(ElementType type, ElementType computeType, AttentionShape shape)
    {
        AttentionInputs inputs = new(shape);
        foreach (InstructionSet isa in FloatKernels.Sets)
        {
            using AttentionHarness clean = new(inputs, type, isa, pools.All[1], blocks: 8, computeType: computeType);
            float[][][] expected = clean.Step([(0, 45), (1, 100)]);
            using AttentionHarness used = new(inputs, type, isa, pools.All[1], blocks: 8, computeType: computeType);
            used.Step([(7, 8 * 32)], garbage: true);
            used.RemoveSequences();
            AssertSame([expected], [used.Step([(0, 45), (1, 100)])], $"{isa}");
        }
    }

    [Theory]
    [InlineData(ElementType.I8, 0.02)]
    [InlineData(ElementType.F8E4M3, 0.1)]
    public void QuantizationErrorIsSmall(ElementType type, double most)
    {
        AttentionInputs inputs = new(new AttentionShape(20, 2, 80, Norm: true, Bias: false), scale: 1f);
        using AttentionHarness quantized = new(inputs, type, InstructionSets.Best, pools.One, computeType: ElementType.F32);
        using AttentionHarness exact = new(inputs, ElementType.F32, InstructionSets.Best, pools.One);
        float[] actual = [.. quantized.Step([(0, 200)])[0].SelectMany(row => row)];
        float[] expected = [.. exact.Step([(0, 200)])[0].SelectMany(row => row)];
        double error = Math.Sqrt(actual.Zip(expected, (a, b) => (double)(a - b) * (a - b)).Sum() / expected.Sum(b => (double)b * b));
        Assert.InRange(error, 1e-6, most);
    }

    // Each sequence gives the same results alone, in one step and over other blocks.
    private void AssertAlone(AttentionInputs inputs, ElementType type, ElementType computeType, InstructionSet isa, float[][][][] outputs)
    {
        foreach (int sequence in Steps.SelectMany(s => s).Select(s => s.Sequence).Distinct())
        {
            int length = Steps.SelectMany(s => s).Where(s => s.Sequence == sequence).Sum(s => s.Count);
            using AttentionHarness harness = new(inputs, type, isa, pools.One, order: 100 + sequence, computeType: computeType);
            float[][][] alone = harness.Step([(sequence, length)]);
            int position = 0;
            for (int step = 0; step < Steps.Length; step++)
            {
                int row = 0;
                foreach ((int other, int count) in Steps[step])
                {
                    for (int i = 0; i < count; i++, row++)
                    {
                        if (other == sequence)
                        {
                            ActivationRows.AssertSameBits(alone[0][position], outputs[step][0][row], $"{isa}, sequence {sequence}, position {position}");
                            ActivationRows.AssertSameBits(alone[1][position], outputs[step][1][row], $"{isa}, sequence {sequence}, position {position}, layer 1");
                            position++;
                        }
                    }
                }
            }
        }
    }

    private static void AssertNear(AttentionHarness harness, AttentionInputs inputs, ElementType computeType, float[][][][] outputs, string what)
    {
        AttentionReference reference = new(inputs, computeType, harness.Read);
        Dictionary<int, int> lengths = [];
        for (int step = 0; step < Steps.Length; step++)
        {
            int row = 0;
            foreach ((int sequence, int count) in Steps[step])
            {
                for (int i = 0; i < count; i++, row++)
                {
                    int position = lengths.GetValueOrDefault(sequence);
                    lengths[sequence] = position + 1;
                    for (int layer = 0; layer < 2; layer++)
                    {
                        (double[] values, double[] bounds) = reference.Row(sequence, position, layer);
                        for (int e = 0; e < values.Length; e++)
                        {
                            double bound = computeType == ElementType.F32 ? Math.Min(bounds[e], SingleTolerance) : bounds[e];
                            float actual = outputs[step][layer][row][e];
                            Assert.True(
                                Math.Abs(values[e] - actual) <= bound,
                                $"{what}, sequence {sequence}, position {position}, layer {layer}, element {e}: {actual:R}, expected {values[e]:R} within {bound:R}.");
                        }
                    }
                }
            }
        }
    }

    private static void AssertSame(float[][][][] expected, float[][][][] actual, string what)
    {
        for (int step = 0; step < expected.Length; step++)
        {
            for (int layer = 0; layer < 2; layer++)
            {
                for (int row = 0; row < expected[step][layer].Length; row++)
                {
                    ActivationRows.AssertSameBits(expected[step][layer][row], actual[step][layer][row], $"{what}, step {step}, layer {layer}, row {row}");
                }
            }
        }
    }
}
