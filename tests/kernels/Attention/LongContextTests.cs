using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>A context of 262,144 positions, most of it written directly to the documented layout of the cache, against float64.</summary>
public sealed unsafe class LongContextTests(WorkerPools pools) : IClassFixture<WorkerPools>
{
    private const int Context = 262144;
    private const int Rows = 3;
    private const int GroupHeads = 2;
    private const int HeadSize = 64;

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.BF16)]
    public void MatchesFloat64(ElementType type)
    {
        float[] keys = new float[Context * HeadSize];
        float[] values = new float[Context * HeadSize];
        Random random = new(5);
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = Stored(random.NextSingle() - 0.5f, type);
            values[i] = Stored(random.NextSingle() - 0.5f, type);
        }

        using KvBlocks cache = new(1, Context / KvBlocks.Positions, 1, HeadSize, type);
        int[] blocks = [.. Enumerable.Range(0, cache.Blocks)];
        random.Shuffle(blocks);
        Write(cache, blocks, keys, values, type);

        // Without norm and rotation, attention uses the projected values themselves, so the reference needs nothing else.
        using RotaryAngles rotary = new(Rows, HeadSize);
        using Activation projected = new(Rows, (GroupHeads + 2) * HeadSize, ElementType.F32);
        float[] queries = new float[Rows * GroupHeads * HeadSize];
        for (int row = 0; row < Rows; row++)
        {
            rotary.Cos.Row(row).Fill(1);
            Span<float> x = projected.Row(row);
            int position = Context - Rows + row;
            for (int i = 0; i < GroupHeads * HeadSize; i++)
            {
                // Scores spread by about 4, so that some positions have far more weight than others.
                x[i] = queries[(row * GroupHeads * HeadSize) + i] = (random.NextSingle() - 0.5f) * 40;
            }

            keys.AsSpan(position * HeadSize, HeadSize).CopyTo(x[(GroupHeads * HeadSize)..]);
            values.AsSpan(position * HeadSize, HeadSize).CopyTo(x[((GroupHeads + 1) * HeadSize)..]);
        }

        AttentionBatch batch = new(GroupHeads, 1);
        batch.Add(new AttentionSlice(0, Rows, Context - Rows, blocks));
        (double[] expected, double[] bounds) = Reference(queries, keys, values, type);
        float[]? portable = null;
        foreach (InstructionSet isa in FloatKernels.Sets)
        {
            using QueryBuffer prepared = new(Rows, GroupHeads, cache, PanelKernels.For(isa));
            using PagedAttention attention = new(pools.All[1], cache, GroupHeads, PanelKernels.For(isa));
            using Activation output = new(Rows, GroupHeads * HeadSize, type);
            using Activation copy = ActivationRows.Of(ActivationRows.Get(projected, 0, Rows), projected.Columns, ElementType.F32);
            new QkvPreprocessor(pools.One).Run(batch, copy, rotary, new LayerParameters(null, null, null).ToWeights(HeadSize), prepared, cache, 0);
            attention.Run(batch, prepared, 0, output);
            float[] actual = ActivationRows.Get(output, 0, Rows);
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.True(Math.Abs(expected[i] - actual[i]) <= bounds[i], $"{isa}, value {i}: {actual[i]:R}, expected {expected[i]:R} within {bounds[i]:R}.");
            }

            if (!KernelVariants.RoundsDifferently(isa, type))
            {
                portable ??= actual;
                ActivationRows.AssertSameBits(portable, actual, $"{isa}");
            }
        }
    }

    // A block has the keys as [steps][32 positions] and the values as [steps of positions][head], in steps of 4 bytes.
    private static void Write(KvBlocks cache, int[] blocks, float[] keys, float[] values, ElementType type)
    {
        int perStep = 4 / type.Size();
        for (int block = 0; block < blocks.Length; block++)
        {
            byte[] bytes = new byte[cache.BlockBytes];
            fixed (byte* at = bytes)
            {
                byte* valueBase = at + ((long)HeadSize / perStep * KvBlocks.Positions * 4);
                for (int p = 0; p < KvBlocks.Positions; p++)
                {
                    int source = ((block * KvBlocks.Positions) + p) * HeadSize;
                    for (int i = 0; i < HeadSize; i++)
                    {
                        Put(at, (((i / perStep * KvBlocks.Positions) + p) * perStep) + (i % perStep), keys[source + i], type);
                        Put(valueBase, (((p / perStep * HeadSize) + i) * perStep) + (p % perStep), values[source + i], type);
                    }
                }
            }

            cache.CopyIn(0, [blocks[block]], bytes);
        }
    }

    private static void Put(byte* target, int index, float value, ElementType type)
    {
        if (type == ElementType.F32)
        {
            ((float*)target)[index] = value;
        }
        else
        {
            ((ushort*)target)[index] = Conversion.ToBf16(value);
        }
    }

    private static float Stored(float value, ElementType type) =>
        type == ElementType.F32 ? value : Conversion.ToSingle(Conversion.ToBf16(value));

    // The cache represents its values exactly, so only the query, the probabilities and the result are rounded when they are stored.
    private static (double[] Values, double[] Bounds) Reference(float[] queries, float[] keys, float[] values, ElementType type)
    {
        const double U = Rounding.Single;
        double store = Rounding.OfStore(type);
        (double[] result, double[] bounds) = (new double[queries.Length], new double[queries.Length]);
        double[] scores = new double[Context];
        for (int query = 0; query < Rows * GroupHeads; query++)
        {
            int length = Context - Rows + (query / GroupHeads) + 1;
            (double largest, double magnitude, double error) = (double.NegativeInfinity, 0, 0);
            for (int p = 0; p < length; p++)
            {
                double score = 0;
                double products = 0;
                for (int i = 0; i < HeadSize; i++)
                {
                    double product = (double)queries[(query * HeadSize) + i] * keys[(p * HeadSize) + i];
                    score += product;
                    products += Math.Abs(product);
                }

                scores[p] = score / 8;
                largest = Math.Max(largest, scores[p]);
                magnitude = Math.Max(magnitude, Math.Abs(scores[p]));
                error = Math.Max(error, products / 8 * (store + Rounding.Gamma(HeadSize + 6)));
            }

            int changes = (4096 / 128) + (Context / 4096) + 2;
            error += (4 * U * (magnitude + error)) + (8 * U * changes) + (4 * U);
            double relative = (Math.Exp(2 * error) * (1 + store) * (1 + (3 * Rounding.Gamma(4096 + (Context / 4096) + 40)))) - 1;
            double mass = 0;
            double[] sums = new double[HeadSize];
            double[] absolutes = new double[HeadSize];
            for (int p = 0; p < length; p++)
            {
                double weight = Math.Exp(scores[p] - largest);
                mass += weight;
                for (int i = 0; i < HeadSize; i++)
                {
                    double v = values[(p * HeadSize) + i];
                    sums[i] += weight * v;
                    absolutes[i] += weight * Math.Abs(v);
                }
            }

            for (int i = 0; i < HeadSize; i++)
            {
                double bound = absolutes[i] / mass * relative;
                double value = sums[i] / mass;

                // The worst cases of a thousand roundings do not coincide. This limit is what a wrong merge of segments would exceed in float32.
                bound = type == ElementType.F32 ? Math.Min(bound, 2e-6) : bound;
                result[(query * HeadSize) + i] = value;
                bounds[(query * HeadSize) + i] = bound + ((Math.Abs(value) + bound) * (store + (4 * U)));
            }
        }

        return (result, bounds);
    }
}
