using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>A prompt gives the same bits in pieces of any length, across the borders of blocks (32), tiles (128) and segments (4096).</summary>
public sealed class ChunkingTests(Pools pools) : IClassFixture<Pools>
{
    private const int Length = 4330;

    public static TheoryData<InstructionSet, ElementType> Cases
    {
        get
        {
            TheoryData<InstructionSet, ElementType> data = Sets.WithTypes();
            foreach (InstructionSet isa in InstructionSets.Available)
            {
                data.Add(isa, ElementType.I8);
                data.Add(isa, ElementType.F8E4M3);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void PiecesOfAnyLength(InstructionSet isa, ElementType type)
    {
        AttentionInputs inputs = new(new AttentionShape(2, 1, 8, Norm: true, Bias: false));
        float[][][] whole = Run(inputs, isa, type, 2, 0, static _ => 512);
        (int Threads, Func<int, int> Piece)[] chunkings =
        [
            // Single tokens beside the borders, long pieces between them.
            (1, at => at is < 140 or (> 4080 and < 4110) or (> 4210 and < 4240) ? 1 : 499),
            (2, _ => 129),
            (3, at => 1 + (at * 7 % 300)),
        ];
        foreach ((int threads, Func<int, int> piece) in chunkings)
        {
            float[][][] pieces = Run(inputs, isa, type, threads, threads, piece);
            for (int layer = 0; layer < 2; layer++)
            {
                for (int position = 0; position < Length; position++)
                {
                    Rows.AssertSameBits(whole[layer][position], pieces[layer][position], $"{threads} threads, layer {layer}, position {position}");
                }
            }
        }
    }

    private float[][][] Run(AttentionInputs inputs, InstructionSet isa, ElementType type, int threads, int order, Func<int, int> piece)
    {
        using AttentionHarness harness = new(inputs, type, isa, pools.All[threads - 1], blocks: 140, order);
        List<float[]>[] result = [[], []];
        for (int at = 0; at < Length;)
        {
            int count = Math.Min(piece(at), Length - at);
            float[][][] rows = harness.Step([(0, count)]);
            result[0].AddRange(rows[0]);
            result[1].AddRange(rows[1]);
            at += count;
        }

        return [.. result.Select(r => r.ToArray())];
    }
}
