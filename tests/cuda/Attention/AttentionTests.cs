using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Compares attention on the device with float64.</summary>
[Collection(nameof(AttentionDevice))]
public sealed class AttentionTests(AttentionDevice device)
{
    [Theory]
    [InlineData(10, 1, 80, ElementType.BF16, true, true)]
    [InlineData(10, 1, 80, ElementType.I8, true, true)]
    [InlineData(10, 1, 80, ElementType.F8E4M3, true, true)]
    [InlineData(4, 1, 128, ElementType.BF16, false, true)]
    [InlineData(4, 1, 128, ElementType.I8, false, true)]
    [InlineData(4, 1, 128, ElementType.F8E4M3, true, false)]
    [InlineData(2, 2, 64, ElementType.BF16, false, true)]
    [InlineData(2, 2, 64, ElementType.I8, true, true)]
    [InlineData(2, 2, 64, ElementType.F8E4M3, true, true)]
    [InlineData(8, 2, 16, ElementType.BF16, true, true)]
    [InlineData(8, 2, 8, ElementType.BF16, true, true)]
    [InlineData(8, 2, 8, ElementType.I8, false, true)]
    [InlineData(3, 1, 16, ElementType.F8E4M3, false, true)]
    [InlineData(6, 2, 96, ElementType.BF16, true, true)]
    [InlineData(10, 1, 80, ElementType.F32, true, true)]
    [InlineData(4, 2, 8, ElementType.F32, false, true)]
    [InlineData(2, 1, 128, ElementType.F32, true, false)]
    public void Prompts_of_different_lengths_in_one_batch(int heads, int keyHeads, int headSize, ElementType type, bool bias, bool norm)
    {
        int columns = (heads + (2 * keyHeads)) * headSize;
        AttentionParameters weights = TestSequence.Weights(1, columns, headSize, bias, norm);
        using AttentionRig rig = new(device, heads, keyHeads, headSize, type, weights, maxRows: 160);
        TestSequence[] sequences = [.. new[] { 1, 7, 33, 100 }.Select((length, i) => new TestSequence(i + 2, length, columns))];
        TestPiece[] pieces = [.. sequences.Select((s, i) => new TestPiece(s, 0, s.Rows.Length, [9 + i, 30 + i, 20 + i, 3 + i]))];
        float[][] output = rig.Run(pieces);
        int row = 0;
        foreach (TestSequence sequence in sequences)
        {
            AttentionReference reference = new(heads, keyHeads, headSize, type, weights, sequence);
            for (int p = 0; p < sequence.Rows.Length; p++)
            {
                AssertClose(reference.Attend(sequence.Rows[p], p, [.. Enumerable.Range(0, p + 1)]), output[row++], type);
            }
        }
    }

    [Theory]
    [InlineData(4, ElementType.BF16, 700, 64)]
    [InlineData(4, ElementType.BF16, 700, 1)]
    [InlineData(1, ElementType.I8, 4500, 64)]
    [InlineData(10, ElementType.F8E4M3, 4090, 64)]
    [InlineData(1, ElementType.F32, 4500, 64)]
    [InlineData(1, ElementType.BF16, 33_800, 256)]
    public void Rows_after_a_long_context(int heads, ElementType type, int start, int maxPartials)
    {
        const int Size = 16;
        const int Distinct = 640;
        const int Special = Distinct + 64;
        int columns = (heads + 2) * Size;
        AttentionParameters weights = TestSequence.Weights(1, columns, Size, bias: true, norm: true);
        using AttentionRig rig = new(device, heads, 1, Size, type, weights, maxRows: Distinct, maxPartials);
        TestSequence context = new(2, Special + 32, columns);
        int own = start / 32;
        int before = start % 32;
        MakeSpecial(context.Rows[Special + before], context.Rows[Distinct + before], weights.Bias!, heads, value: start / 350f);
        int[] blocks = [.. Enumerable.Range(0, Distinct / 32)];
        rig.Run([new TestPiece(context, 0, Distinct, blocks)], attends: false);

        // The context repeats the same blocks. The rows, and what is before them in their block, are in blocks of their own. In the middle there is
        // one block with a key, rotated to the position of the first row, and values that matter more than others, so that a lost segment shows.
        int middle = own / 2;
        int[] table = [.. Enumerable.Range(0, own).Select(b => b == middle ? 52 : b % blocks.Length), 50, 51];
        int[] positions = [.. Enumerable.Range(0, own * 32).Select(p => p / 32 == middle ? Special + (p % 32) : p % Distinct), .. Enumerable.Range(Distinct, 64)];
        rig.Run([new TestPiece(context, own * 32, 32, [.. table[..own], 52]) { First = Special }], attends: false);
        if (before > 0)
        {
            rig.Run([new TestPiece(context, own * 32, before, table) { First = Distinct }], attends: false);
        }

        const int Count = 3;
        float[][] output = rig.Run([new TestPiece(context, start, Count, table) { First = Distinct + before }]);
        Assert.Equal(maxPartials > 1, rig.Grid.Merges > 0);
        AttentionReference reference = new(
            heads, 1, Size, type, weights, context, p => p < Distinct ? p : (own * 32) + (p < Special ? p - Distinct : p - Special));
        for (int i = 0; i < Count; i++)
        {
            AssertClose(reference.Attend(context.Rows[Distinct + before + i], start + i, positions.AsSpan(0, start + i + 1)), output[i], type);
        }

        int[] others = [.. positions[..(start + 1)].Where((_, p) => p / 256 != middle * 32 / 256)];
        double[] without = reference.Attend(context.Rows[Distinct + before], start, others);
        Assert.Contains(without.Zip(output[0]), static pair => Math.Abs(pair.First - pair.Second) > 0.1);
    }

    [Fact]
    public void A_layer_without_keys_attends_to_those_of_its_group()
    {
        const int Size = 80;
        const int Columns = 12 * Size;
        AttentionParameters weights = TestSequence.Weights(1, Columns, Size, bias: true, norm: true);
        TestSequence sequence = new(2, 40, Columns);
        TestSequence queries = new(3, 40, 10 * Size);
        using AttentionRig rig = new(device, 10, 1, Size, ElementType.BF16, weights);
        rig.Run([new TestPiece(sequence, 0, 40, [1, 2])]);
        float[][] output = rig.Run([new TestPiece(queries, 0, 40, [1, 2])], hasKeys: false);
        AttentionReference reference = new(10, 1, Size, ElementType.BF16, weights, sequence);
        for (int p = 0; p < 40; p++)
        {
            AssertClose(reference.Attend(queries.Rows[p], p, [.. Enumerable.Range(0, p + 1)]), output[p], ElementType.BF16);
        }
    }

    [Theory]
    [InlineData(10, 1, 80, ElementType.BF16)]
    [InlineData(8, 2, 128, ElementType.I8)]
    [InlineData(4, 4, 16, ElementType.F8E4M3)]
    [InlineData(10, 1, 80, ElementType.F32)]
    public void The_cpu_computes_nearly_the_same(int heads, int keyHeads, int headSize, ElementType type)
    {
        const int Length = 70;
        int columns = (heads + (2 * keyHeads)) * headSize;
        AttentionParameters weights = TestSequence.Weights(1, columns, headSize, bias: true, norm: true);
        TestSequence sequence = new(2, Length, columns);
        using AttentionRig rig = new(device, heads, keyHeads, headSize, type, weights);
        float[][] output = rig.Run([new TestPiece(sequence, 0, Length, [5, 6, 7])]);
        using CpuAttention cpu = new(heads, keyHeads, headSize, type, Length);
        float[][] expected = cpu.Run(sequence, weights);
        for (int p = 0; p < Length; p++)
        {
            AssertClose([.. expected[p].Select(static x => (double)x)], output[p], type);
        }
    }

    // The key is the query of the first head.
    private static void MakeSpecial(float[] row, float[] query, float[] bias, int heads, float value)
    {
        for (int i = 0; i < 16; i++)
        {
            row[(heads * 16) + i] = query[i] + bias[i] - bias[(heads * 16) + i];
            row[((heads + 1) * 16) + i] = value - bias[((heads + 1) * 16) + i];
        }
    }

    private static void AssertClose(double[] expected, float[] actual, ElementType type)
    {
        double tolerance = type == ElementType.F32 ? 1e-5 : 0.02;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"Element {i} is {actual[i]} instead of {expected[i]}.");
        }
    }
}
