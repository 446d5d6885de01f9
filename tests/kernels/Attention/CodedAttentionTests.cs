using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>
/// Attention over 8-bit keys and values: against float64 over the values that the cache's own bytes stand for, near what unrounded keys
/// and values give, and bit for bit whatever the batch, the chunks, the blocks and the threads.
/// </summary>
public sealed class CodedAttentionTests(Pools pools) : IClassFixture<Pools>
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
            foreach (ElementType type in Sets.CodeTypes)
            {
                foreach (ElementType products in Sets.Types)
                {
                    data.Add(type, products, new AttentionShape(20, 2, 80, Norm: true, Bias: false));
                    data.Add(type, products, new AttentionShape(3, 1, 128, Norm: true, Bias: true));
                    data.Add(type, products, new AttentionShape(10, 1, 8, Norm: false, Bias: false));
                    data.Add(type, products, new AttentionShape(2, 2, 12, Norm: true, Bias: true));
                    data.Add(type, products, new AttentionShape(2, 1, 2, Norm: true, Bias: false));
                    data.Add(type, products, new AttentionShape(64, 1, 16, Norm: true, Bias: false));
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgainstFloat64AndAlone(ElementType type, ElementType products, AttentionShape shape)
    {
        AttentionInputs inputs = new(shape);
        float[][][][]? portable = null;
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            float[][][][]? first = null;
            foreach (WorkerPool pool in pools.All)
            {
                using AttentionHarness harness = new(inputs, type, isa, pool, order: pool.Threads, products: products);
                float[][][][] outputs = [.. Steps.Select(step => harness.Step(step))];
                if (first is null)
                {
                    first = outputs;
                    AssertNear(harness, inputs, products, first, $"{isa}");
                }

                AssertSame(first, outputs, $"{isa}, {pool.Threads} threads");
            }

            if (!Sets.HasOwnBits(isa, products))
            {
                portable ??= first!;
                AssertSame(portable, first!, $"{isa}");
            }

            AssertAlone(inputs, type, products, isa, first!);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void InfinitiesOfAFormerSequenceDoNotShow(ElementType type, ElementType products, AttentionShape shape)
    {
        AttentionInputs inputs = new(shape);
        foreach (InstructionSet isa in InstructionSets.Available)
        {
            using AttentionHarness clean = new(inputs, type, isa, pools.All[1], blocks: 8, products: products);
            float[][][] expected = clean.Step([(0, 45), (1, 100)]);
            using AttentionHarness used = new(inputs, type, isa, pools.All[1], blocks: 8, products: products);
            used.Step([(7, 8 * 32)], garbage: true);
            used.Forget();
            AssertSame([expected], [used.Step([(0, 45), (1, 100)])], $"{isa}");
        }
    }

    [Theory]
    [InlineData(ElementType.I8, 0.02)]
    [InlineData(ElementType.F8E4M3, 0.1)]
    public void RoundingKeysAndValuesCostsLittle(ElementType type, double most)
    {
        AttentionInputs inputs = new(new AttentionShape(20, 2, 80, Norm: true, Bias: false), scale: 1f);
        using AttentionHarness coded = new(inputs, type, InstructionSets.Best, pools.One, products: ElementType.F32);
        using AttentionHarness exact = new(inputs, ElementType.F32, InstructionSets.Best, pools.One);
        float[] actual = [.. coded.Step([(0, 200)])[0].SelectMany(row => row)];
        float[] expected = [.. exact.Step([(0, 200)])[0].SelectMany(row => row)];
        double error = Math.Sqrt(actual.Zip(expected, (a, b) => (double)(a - b) * (a - b)).Sum() / expected.Sum(b => (double)b * b));
        Assert.InRange(error, 1e-6, most);
    }

    // The sequences of a batch of several steps, each alone in one step over other blocks, give the same codes and the same results.
    private void AssertAlone(AttentionInputs inputs, ElementType type, ElementType products, InstructionSet isa, float[][][][] outputs)
    {
        foreach (int sequence in Steps.SelectMany(s => s).Select(s => s.Sequence).Distinct())
        {
            int length = Steps.SelectMany(s => s).Where(s => s.Sequence == sequence).Sum(s => s.Count);
            using AttentionHarness harness = new(inputs, type, isa, pools.One, order: 100 + sequence, products: products);
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
                            Rows.AssertSameBits(alone[0][position], outputs[step][0][row], $"{isa}, sequence {sequence}, position {position}");
                            Rows.AssertSameBits(alone[1][position], outputs[step][1][row], $"{isa}, sequence {sequence}, position {position}, layer 1");
                            position++;
                        }
                    }
                }
            }
        }
    }

    private static void AssertNear(AttentionHarness harness, AttentionInputs inputs, ElementType products, float[][][][] outputs, string what)
    {
        AttentionReference reference = new(inputs, products, harness.Read);
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
                            double bound = products == ElementType.F32 ? Math.Min(bounds[e], SingleTolerance) : bounds[e];
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
                    Rows.AssertSameBits(expected[step][layer][row], actual[step][layer][row], $"{what}, step {step}, layer {layer}, row {row}");
                }
            }
        }
    }
}
