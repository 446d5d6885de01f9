using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>
/// Attention of projected rows matches float64 for batches of sequences of different lengths over scattered blocks with arbitrary contents,
/// and has the same bits as for the sequences alone.
/// </summary>
public sealed class PagedAttentionTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    // Typical rounding errors are far below the worst-case bound. A wrong formula has errors far above this.
    private const double SingleTolerance = 1e-5;

    // First whole prompts, then rows that begin in the middle of blocks, then single tokens together with a new prompt.
    private static readonly (int Sequence, int Count)[][] Steps =
    [
        [(0, 37), (1, 150), (2, 1), (3, 32)],
        [(3, 1), (0, 60), (2, 31)],
        [(1, 1), (4, 65), (0, 1), (2, 1), (3, 1)],
        [(4, 66), (1, 1)],
    ];

    public static TheoryData<ElementType, AttentionShape> Cases
    {
        get
        {
            TheoryData<ElementType, AttentionShape> data = [];
            foreach (ElementType type in KernelVariants.Types)
            {
                data.Add(type, new AttentionShape(20, 2, 80, Norm: true, Bias: false));
                data.Add(type, new AttentionShape(3, 1, 128, Norm: true, Bias: true));
                data.Add(type, new AttentionShape(4, 4, 32, Norm: false, Bias: true));
                data.Add(type, new AttentionShape(6, 2, 16, Norm: true, Bias: false));
                data.Add(type, new AttentionShape(10, 1, 8, Norm: false, Bias: false));
                data.Add(type, new AttentionShape(2, 2, 12, Norm: true, Bias: true));
                data.Add(type, new AttentionShape(2, 1, 2, Norm: true, Bias: false));
                data.Add(type, new AttentionShape(64, 1, 16, Norm: true, Bias: false));
                data.Add(type, new AttentionShape(2, 1, 160, Norm: true, Bias: false));
                data.Add(type, new AttentionShape(8, 2, 128, Norm: true, Bias: false, NormsFirst: true));
                data.Add(type, new AttentionShape(3, 1, 20, Norm: true, Bias: true, NormsFirst: true));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void MatchesFloat64AndTheSequenceAlone(ElementType type, AttentionShape shape)
    {
        AttentionInputs inputs = new(shape);
        AttentionReference reference = new(inputs, type);
        List<(int Sequence, int Position)[]> places = PlacesOf(Steps);
        float[][][][]? portable = null;
        foreach (InstructionSet isa in FloatKernels.Sets)
        {
            float[][][][]? first = null;
            foreach (WorkerPool pool in pools.All)
            {
                using AttentionHarness harness = new(inputs, type, isa, pool, order: pool.Threads);
                float[][][][] outputs = [.. Steps.Select(step => harness.Step(step))];
                first ??= outputs;
                AssertSame(first, outputs, $"{isa}, {pool.Threads} threads");
            }

            if (!KernelVariants.RoundsDifferently(isa, type))
            {
                portable ??= first!;
                AssertSame(portable, first!, $"{isa}");
            }

            if (isa == InstructionSet.Portable || KernelVariants.RoundsDifferently(isa, type))
            {
                AssertNear(reference, places, first!, type, isa);
            }

            AssertAlone(inputs, type, isa, places, first!);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void InfinitiesOfAnEarlierSequenceHaveNoEffect(ElementType type, AttentionShape shape)
    {
        AttentionInputs inputs = new(shape);
        foreach (InstructionSet isa in FloatKernels.Sets)
        {
            using AttentionHarness clean = new(inputs, type, isa, pools.All[1], blocks: 8);
            float[][][] expected = clean.Step([(0, 45), (1, 100)]);
            using AttentionHarness used = new(inputs, type, isa, pools.All[1], blocks: 8);
            used.Step([(7, 8 * 32)], garbage: true);
            used.RemoveSequences();
            AssertSame([expected], [used.Step([(0, 45), (1, 100)])], $"{isa}");
        }
    }

    private void AssertAlone(AttentionInputs inputs, ElementType type, InstructionSet isa, List<(int Sequence, int Position)[]> places, float[][][][] outputs)
    {
        foreach (int sequence in Steps.SelectMany(s => s).Select(s => s.Sequence).Distinct())
        {
            int length = Steps.SelectMany(s => s).Where(s => s.Sequence == sequence).Sum(s => s.Count);
            using AttentionHarness harness = new(inputs, type, isa, pools.One, order: 100 + sequence);
            float[][][] alone = harness.Step([(sequence, length)]);
            for (int step = 0; step < places.Count; step++)
            {
                for (int row = 0; row < places[step].Length; row++)
                {
                    if (places[step][row].Sequence == sequence)
                    {
                        ActivationRows.AssertSameBits(alone[0][places[step][row].Position], outputs[step][0][row], $"{isa}, {places[step][row]}");
                        ActivationRows.AssertSameBits(alone[1][places[step][row].Position], outputs[step][1][row], $"{isa}, {places[step][row]}, layer 1");
                    }
                }
            }
        }
    }

    private static void AssertNear(AttentionReference reference, List<(int Sequence, int Position)[]> places, float[][][][] outputs, ElementType type, InstructionSet isa)
    {
        for (int step = 0; step < places.Count; step++)
        {
            for (int row = 0; row < places[step].Length; row++)
            {
                for (int layer = 0; layer < 2; layer++)
                {
                    (int sequence, int position) = places[step][row];
                    (double[] values, double[] bounds) = reference.Row(sequence, position, layer);
                    float[] actual = outputs[step][layer][row];
                    for (int i = 0; i < values.Length; i++)
                    {
                        double bound = type == ElementType.F32 ? Math.Min(bounds[i], SingleTolerance) : bounds[i];
                        if (!(Math.Abs(values[i] - actual[i]) <= bound))
                        {
                            Assert.Fail($"{isa}, sequence {sequence}, position {position}, layer {layer}, element {i}: {actual[i]:R}, expected {values[i]:R} within {bound:R}.");
                        }
                    }
                }
            }
        }
    }

    private static List<(int Sequence, int Position)[]> PlacesOf((int Sequence, int Count)[][] steps)
    {
        Dictionary<int, int> lengths = [];
        List<(int, int)[]> places = [];
        foreach ((int Sequence, int Count)[] step in steps)
        {
            List<(int, int)> rows = [];
            foreach ((int sequence, int count) in step)
            {
                int start = lengths.GetValueOrDefault(sequence);
                rows.AddRange(Enumerable.Range(start, count).Select(position => (sequence, position)));
                lengths[sequence] = start + count;
            }

            places.Add([.. rows]);
        }

        return places;
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
