using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>
/// No bit of a sequence's logits depends on chunking, the rest of the batch, the number of threads or the choice of KV blocks.
/// </summary>
public sealed class SameBitsTests
{
    public static TheoryData<string, ComputeMode, InstructionSet> Cases
    {
        get
        {
            TheoryData<string, ComputeMode, InstructionSet> data = [];
            foreach (ComputeMode mode in Enum.GetValues<ComputeMode>())
            {
                foreach (InstructionSet isa in FloatKernels.Sets)
                {
                    foreach (string name in GoldenCase.Names)
                    {
                        data.Add(name, mode, isa);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ChunksThreadsAndBlocks(string name, ComputeMode mode, InstructionSet isa)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner one = Session.Load(golden.ModelFolder, mode, threads: 1, isa);
        using ModelRunner two = Session.Load(golden.ModelFolder, mode, threads: 2, isa);
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            float[][] whole = new Session(one).Append(prompt.Ids);
            foreach (int chunk in new[] { 1, 3, 64 })
            {
                AssertSame(whole, new Session(one, firstBlock: 7).Append(prompt.Ids, chunk), $"chunks of {chunk}");
                AssertSame(whole, new Session(two, firstBlock: 3).Append(prompt.Ids, chunk), $"chunks of {chunk}, 2 threads");
            }

            AssertSame(whole, new Session(two).Append(prompt.Ids), "2 threads");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AloneAndInABatchOfEight(string name, ComputeMode mode, InstructionSet isa)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using ModelRunner model = Session.Load(golden.ModelFolder, mode, threads: 2, isa);
        const int Steps = 6;
        int[][] sequences = [.. Enumerable.Range(0, 8).Select(i => golden.Prompts[i % 4].Ids.Skip(i / 4).Append((i * 31) + 1).ToArray())];
        List<float[]>[] alone = [.. sequences.Select((ids, i) => Alone(model, ids, i, Steps))];

        // All eight decode together; in the first step they prefill together.
        Session[] sessions = [.. sequences.Select((_, i) => new Session(model, i * 4))];
        int[][] next = sequences;
        for (int step = 0; step <= Steps; step++)
        {
            AttentionBatch batch = model.CreateBatch();
            int row = 0;
            int[] last = new int[8];
            for (int i = 0; i < 8; i++)
            {
                batch.Add(sessions[i].Slice(row, next[i].Length));
                row += next[i].Length;
                last[i] = row - 1;
            }

            StepLogits logits = model.Forward([.. next.SelectMany(n => n)], batch, last, 8);
            for (int i = 0; i < 8; i++)
            {
                AssertSame([alone[i][step]], [logits.Row(i).ToArray()], $"sequence {i}, step {step}");
                sessions[i].Advance(next[i].Length);
                next[i] = [(i + step) % 500];
            }
        }
    }

    private static List<float[]> Alone(ModelRunner model, int[] ids, int index, int steps)
    {
        Session session = new(model, index * 4);
        List<float[]> rows = [session.Append(ids)[^1]];
        for (int step = 0; step < steps; step++)
        {
            rows.Add(session.Append([(index + step) % 500])[0]);
        }

        return rows;
    }

    internal static void AssertSame(float[][] expected, float[][] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int row = 0; row < expected.Length; row++)
        {
            for (int i = 0; i < expected[row].Length; i++)
            {
                if (BitConverter.SingleToInt32Bits(expected[row][i]) != BitConverter.SingleToInt32Bits(actual[row][i]))
                {
                    Assert.Fail($"{what}: row {row}, logit {i} is {actual[row][i]:R}, alone and whole {expected[row][i]:R}.");
                }
            }
        }
    }
}
