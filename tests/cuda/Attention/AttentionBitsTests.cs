using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>The output of a row depends on nothing but its own sequence, to the bit.</summary>
[Collection(nameof(AttentionDevice))]
public sealed class AttentionBitsTests(AttentionDevice device)
{
    private const int Size = 16;

    [Theory]
    [InlineData(10, 1, 80, ElementType.BF16)]
    [InlineData(10, 1, 80, ElementType.I8)]
    [InlineData(2, 2, 128, ElementType.F8E4M3)]
    [InlineData(8, 2, 8, ElementType.BF16)]
    [InlineData(4, 1, 16, ElementType.F32)]
    public void Chunks_give_what_one_piece_gives(int heads, int keyHeads, int headSize, ElementType type)
    {
        int columns = (heads + (2 * keyHeads)) * headSize;
        AttentionParameters weights = TestSequence.Weights(1, columns, headSize, bias: true, norm: true);
        using AttentionRig rig = new(device, heads, keyHeads, headSize, type, weights);
        TestSequence sequence = new(2, 75, columns);
        float[][] whole = rig.Run([new TestPiece(sequence, 0, 75, [1, 2, 3])]);
        List<float[]> chunks = [];
        foreach (int count in new[] { 1, 30, 31, 2, 11 })
        {
            chunks.AddRange(rig.Run([new TestPiece(sequence, chunks.Count, count, [6, 4, 5])]));
        }

        AssertSame(whole, chunks);
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F32)]
    public void Tokens_one_by_one_give_what_a_prompt_gives(ElementType type)
    {
        const int Columns = 6 * Size;
        const int Length = 290;
        const int Prompt = 240;
        AttentionParameters weights = TestSequence.Weights(1, Columns, Size, bias: true, norm: true);
        using AttentionRig rig = new(device, 4, 1, Size, type, weights, maxRows: Length);
        TestSequence sequence = new(2, Length, Columns);
        float[][] whole = rig.Run([new TestPiece(sequence, 0, Length, [.. Enumerable.Range(0, 10)])]);
        Assert.Equal(0, rig.Grid.Merges);
        int[] blocks = [.. Enumerable.Range(20, 10)];
        List<float[]> tokens = [.. rig.Run([new TestPiece(sequence, 0, Prompt, blocks)])];
        for (int p = Prompt; p < Length; p++)
        {
            tokens.AddRange(rig.Run([new TestPiece(sequence, p, 1, blocks)]));
            Assert.Equal(p >= 256 ? 1 : 0, rig.Grid.Merges);
        }

        AssertSame(whole, tokens);
    }

    [Theory]
    [InlineData(1, ElementType.BF16)]
    [InlineData(1, ElementType.F32)]
    [InlineData(10, ElementType.F8E4M3)]
    public void Segments_apart_and_groups_of_segments_give_what_segments_together_give(int heads, ElementType type)
    {
        int columns = (heads + 2) * Size;
        AttentionParameters weights = TestSequence.Weights(1, columns, Size, bias: false, norm: true);
        TestSequence sequence = new(2, 320, columns);
        int units = ((2 * heads) + 15) / 16;
        float[][] Run(int maxPartials, int expected)
        {
            using AttentionRig rig = new(device, heads, 1, Size, type, weights, maxRows: 320, maxPartials);
            rig.Run([new TestPiece(sequence, 0, 320, [.. Enumerable.Range(0, 10)])], attends: false);
            int[] table = [.. Enumerable.Range(0, 1056).Select(static i => i % 9), 20];
            float[][] output = rig.Run([new TestPiece(sequence, 1056 * 32, 2, table) { First = 5 }]);
            Assert.Equal((expected, expected == units ? 0 : units), (rig.Grid.Units, rig.Grid.Merges));
            return output;
        }

        float[][] together = Run(1, units);
        AssertSame(together, Run(300, 133 * units));
        AssertSame(together, Run(20, 9 * units));
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F32)]
    public void Other_sequences_and_larger_grids_change_nothing(ElementType type)
    {
        const int Columns = 7 * Size;
        AttentionParameters weights = TestSequence.Weights(1, Columns, Size, bias: true, norm: true);
        using AttentionRig rig = new(device, 5, 1, Size, type, weights);
        TestSequence[] sequences = [.. Enumerable.Range(2, 4).Select(static seed => new TestSequence(seed, 60, Columns))];
        TestPiece Piece(int sequence, int start, int count) => new(sequences[sequence], start, count, [10 + sequence, 20 + sequence]);
        float[][] together = rig.Run([Piece(0, 0, 3), Piece(1, 0, 50), Piece(2, 0, 40), Piece(3, 0, 33)]);
        float[][] alone = rig.Run([Piece(1, 0, 50)], larger: 7);
        AssertSame(alone, together[3..53]);
        together = rig.Run([Piece(2, 40, 1), Piece(1, 50, 1), Piece(3, 33, 6)], larger: 1);
        alone = rig.Run([Piece(1, 50, 1)]);
        AssertSame(alone, together[1..2]);
    }

    [Fact]
    public void A_graph_runs_later_steps_of_its_size()
    {
        const int Columns = 6 * Size;
        AttentionParameters weights = TestSequence.Weights(1, Columns, Size, bias: true, norm: true);
        using AttentionRig rig = new(device, 4, 1, Size, ElementType.BF16, weights, maxRows: 300);
        TestSequence first = new(2, 300, Columns);
        TestSequence second = new(3, 60, Columns);
        int[] blocks = [.. Enumerable.Range(20, 10)];
        rig.Run([new TestPiece(first, 0, 250, blocks), new TestPiece(second, 0, 20, [1, 2])]);
        nint graph = rig.Capture(new AttentionGrid(2, 4, 1));
        for (int p = 250; p < 262; p++)
        {
            TestPiece[] pieces = [new TestPiece(first, p, 1, blocks), new TestPiece(second, p - 230, 1, [1, 2])];
            float[][] launched = rig.Run(pieces, graph: graph);
            Assert.Equal(p < 256 ? 0 : 1, rig.Grid.Merges);
            AssertSame(rig.Run(pieces), launched);
        }

        device.Driver.DestroyGraph(graph);
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.F32)]
    public void A_graph_finds_block_tables_that_have_grown(ElementType type)
    {
        const int Columns = 6 * Size;
        AttentionParameters weights = TestSequence.Weights(1, Columns, Size, bias: true, norm: true);
        using AttentionRig rig = new(device, 4, 1, Size, type, weights, blocks: 16);
        TestSequence[] sequences = [.. Enumerable.Range(2, 6).Select(static seed => new TestSequence(seed, 98, Columns))];
        TestPiece Row(int sequence) => new(sequences[sequence], 96, 1, [1, 2, 3, 10 + sequence]);
        rig.Run([new TestPiece(sequences[0], 0, 96, [1, 2, 3])]);
        float[][] alone = [.. Enumerable.Range(0, 6).SelectMany(sequence => rig.Run([Row(sequence)]))];
        nint graph = rig.Capture(new AttentionGrid(6, 6, 0));
        AssertSame(alone, rig.Run([.. Enumerable.Range(0, 6).Select(Row)], graph: graph));
        AssertSame(alone[1..3], rig.Run([Row(1), Row(2)], graph: graph));
        device.Driver.DestroyGraph(graph);
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.F8E4M3)]
    [InlineData(ElementType.F32)]
    public void Moved_blocks_change_nothing(ElementType type)
    {
        const int Columns = 6 * Size;
        AttentionParameters weights = TestSequence.Weights(1, Columns, Size, bias: true, norm: true);
        using AttentionRig source = new(device, 2, 2, Size, type, weights);
        using AttentionRig target = new(device, 2, 2, Size, type, weights);
        TestSequence sequence = new(2, 75, Columns);
        source.Run([new TestPiece(sequence, 0, 70, [3, 9, 5])]);
        byte[] moved = new byte[3 * source.Pool.BlockBytes];
        source.Pool.CopyOut(0, [3, 9, 5], moved, source.Stream);
        target.Pool.CopyIn(0, [40, 2, 17], moved, target.Stream);
        AssertSame(source.Run([new TestPiece(sequence, 70, 5, [3, 9, 5])]), target.Run([new TestPiece(sequence, 70, 5, [40, 2, 17])]));
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F8E4M3)]
    [InlineData(ElementType.F32)]
    public void What_blocks_contained_before_changes_nothing(ElementType type)
    {
        const int Columns = 4 * Size;
        AttentionParameters weights = TestSequence.Weights(1, Columns, Size, bias: false, norm: false);
        using AttentionRig rig = new(device, 2, 1, Size, type, weights);
        TestSequence broken = new(2, 64, Columns);
        Array.ForEach(broken.Rows, static row => row.AsSpan().Fill(float.NaN));
        TestSequence sequence = new(3, 45, Columns);
        float[][] fresh = rig.Run([new TestPiece(sequence, 0, 45, [1, 2])]);
        Assert.Contains(rig.Run([new TestPiece(broken, 0, 64, [3, 4])]), static row => row.Contains(float.NaN));
        List<float[]> reused = [.. rig.Run([new TestPiece(sequence, 0, 30, [3, 4])])];
        for (int p = 30; p < 45; p++)
        {
            reused.AddRange(rig.Run([new TestPiece(sequence, p, 1, [3, 4])]));
        }

        AssertSame(fresh, reused);
    }

    private static void AssertSame(IReadOnlyList<float[]> expected, IReadOnlyList<float[]> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int row = 0; row < expected.Count; row++)
        {
            Assert.Equal(expected[row].Select(BitConverter.SingleToUInt32Bits), actual[row].Select(BitConverter.SingleToUInt32Bits));
        }
    }
}
