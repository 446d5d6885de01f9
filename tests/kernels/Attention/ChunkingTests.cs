using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>A prompt gives the same bits in chunks of any length, across boundaries of blocks (32), tiles (128) and segments (4096).</summary>
public sealed class ChunkingTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int Length = 4330;

    public static TheoryData<InstructionSet, ElementType> Cases
    {
        get
        {
            TheoryData<InstructionSet, ElementType> data = KernelVariants.WithTypes();
            foreach (InstructionSet isa in FloatKernels.Sets)
            {
                data.Add(isa, ElementType.I8);
                data.Add(isa, ElementType.F8E4M3);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ChunksOfAnyLengthGiveTheSameBits(InstructionSet isa, ElementType type)
    {
        AttentionInputs inputs = new(new AttentionShape(2, 1, 8, Norm: true, Bias: false));
        float[][][] whole = Run(inputs, isa, type, 2, 0, static _ => 512);
        (int Threads, Func<int, int> Chunk)[] chunkings =
        [
            // Single tokens near the boundaries, long chunks between them.
            (1, at => at is < 140 or (> 4080 and < 4110) or (> 4210 and < 4240) ? 1 : 499),
            (2, _ => 129),
            (3, at => 1 + (at * 7 % 300)),
        ];
        foreach ((int threads, Func<int, int> chunk) in chunkings)
        {
            float[][][] chunks = Run(inputs, isa, type, threads, threads, chunk);
            for (int layer = 0; layer < 2; layer++)
            {
                for (int position = 0; position < Length; position++)
                {
                    ActivationRows.AssertSameBits(whole[layer][position], chunks[layer][position], $"{threads} threads, layer {layer}, position {position}");
                }
            }
        }
    }

    private float[][][] Run(AttentionInputs inputs, InstructionSet isa, ElementType type, int threads, int order, Func<int, int> chunk)
    {
        using AttentionHarness harness = new(inputs, type, isa, pools.All[threads - 1], blocks: 140, order);
        List<float[]>[] result = [[], []];
        for (int at = 0; at < Length;)
        {
            int count = Math.Min(chunk(at), Length - at);
            float[][][] rows = harness.Step([(0, count)]);
            result[0].AddRange(rows[0]);
            result[1].AddRange(rows[1]);
            at += count;
        }

        return [.. result.Select(r => r.ToArray())];
    }
}
