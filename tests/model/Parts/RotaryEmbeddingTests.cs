using System.Runtime.InteropServices;
using System.Text.Json;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>Compares rotary angles with tables of the published code.</summary>
public sealed class RotaryEmbeddingTests
{
    private static readonly string Folder = Path.Combine(TestPaths.Data, "rope");

    // Sine and cosine of two libraries may differ in the last digit.
    private const double SameAngle = 1.5e-7;

    public static TheoryData<string> Names => [.. Cases().Select(c => c.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void PublishedTables(string name)
    {
        JsonElement table = Cases().Single(c => c.GetProperty("name").GetString() == name);
        int headSize = table.GetProperty("head_dim").GetInt32();
        int length = table.GetProperty("seq_len").GetInt32();
        RopeSettings settings = Settings(table);
        RotaryEmbedding rotary = new(settings, headSize, rounded: true);
        bool grown = settings.Scaling == RopeScaling.Dynamic && length > settings.MaxPositions;
        bool alpha = settings.Scaling == RopeScaling.Alpha;
        float[] frequencies = Array(table, "inv_freq");
        for (int i = 0; i < frequencies.Length && !grown; i++)
        {
            // Frequencies rounded to bfloat16 must be equal. In float32, the power functions of two libraries may differ in the last
            // digits.
            double tolerance = alpha ? frequencies[i] * 5e-7 : 0;
            Assert.InRange(Math.Abs(frequencies[i] - rotary.InverseFrequencies[i]), 0, tolerance);
        }

        bool rounded = table.GetProperty("table_dtype").GetString() == "bfloat16";
        float[] cosines = Array(table, "cos");
        float[] sines = Array(table, "sin");
        int row = 0;
        foreach (int position in table.GetProperty("positions").EnumerateArray().Select(p => p.GetInt32()))
        {
            float[] cos = new float[headSize / 2];
            float[] sin = new float[headSize / 2];
            rotary.Fill(position, length, cos, sin);
            for (int i = 0; i < cos.Length; i++)
            {
                double angle = position * (double)frequencies[i];
                double tolerance = alpha || grown ? 1e-6 * Math.Max(1, angle) : SameAngle;
                AssertNear(cosines[(row * headSize) + i], cos[i], tolerance, rounded, $"cos of position {position}, frequency {i}");
                AssertNear(sines[(row * headSize) + i], sin[i], tolerance, rounded, $"sin of position {position}, frequency {i}");
                Assert.Equal(cosines[(row * headSize) + i], cosines[(row * headSize) + i + (headSize / 2)]);
            }

            row++;
        }

        Assert.Equal(cosines.Length, row * headSize);
    }

    [Fact]
    public void ABatchHasEachRowsOwnPosition()
    {
        RotaryEmbedding rotary = new(new RopeSettings(RopeScaling.Dynamic, 10000, 2, 0, 64), 16, rounded: true);
        using RotaryAngles rows = new(80, 16);
        AttentionBatch batch = new(1, 1);
        batch.Add(new AttentionSlice(0, 10, 60, new int[3]));
        batch.Add(new AttentionSlice(10, 1, 0, new int[1]));
        rotary.Fill(batch, rows);
        float[] cos = new float[8];
        float[] sin = new float[8];
        for (int row = 0; row < 11; row++)
        {
            // Each row uses its own position as the length, so that later tokens do not change it.
            int position = row < 10 ? 60 + row : 0;
            rotary.Fill(position, position + 1, cos, sin);
            Assert.Equal(cos, rows.Cos.Row(row).ToArray());
            Assert.Equal(sin, rows.Sin.Row(row).ToArray());
        }
    }

    private static void AssertNear(float expected, float actual, double tolerance, bool rounded, string what)
    {
        if (rounded)
        {
            // A table stored in bfloat16 gives only an interval for each value.
            float low = Conversion.ToSingle(Conversion.ToBf16((float)(actual - tolerance)));
            float high = Conversion.ToSingle(Conversion.ToBf16((float)(actual + tolerance)));
            Assert.True(low <= expected && expected <= high, $"{what}: {actual} rounds to {low} .. {high}, published {expected}.");
            return;
        }

        Assert.True(Math.Abs(expected - actual) <= tolerance, $"{what}: {actual:R}, published {expected:R}.");
    }

    /// <summary>A model made for 32,768 positions has the published angles of a longer one at 40,000 and beyond: alpha does not depend on the length.</summary>
    [Fact]
    public void An_alpha_is_the_same_beyond_the_original_length()
    {
        JsonElement table = Cases().Single(c => c.GetProperty("name").GetString() == "alpha1000-dim80");
        RopeSettings settings = Settings(table) with { MaxPositions = 32768 };
        RotaryEmbedding rotary = new(settings, 80, rounded: true);
        float[] cosines = Array(table, "cos"), frequencies = Array(table, "inv_freq");
        int[] positions = [.. table.GetProperty("positions").EnumerateArray().Select(p => p.GetInt32())];
        float[] cos = new float[40], sin = new float[40];
        int beyond = 0;
        for (int row = 0; row < positions.Length; row++)
        {
            if (positions[row] < 40_000)
            {
                continue;
            }

            beyond++;
            rotary.Fill(positions[row], positions[row] + 1, cos, sin);
            for (int i = 0; i < cos.Length; i++)
            {
                AssertNear(cosines[(row * 80) + i], cos[i], 1e-6 * Math.Max(1, positions[row] * (double)frequencies[i]), false, $"cos of position {positions[row]}, frequency {i}");
            }
        }

        Assert.True(beyond > 0);
    }

    private static RopeSettings Settings(JsonElement table)
    {
        double theta = table.GetProperty("rope_theta").GetDouble();
        int positions = table.GetProperty("max_position_embeddings").GetInt32();
        if (table.TryGetProperty("scaling_alpha", out JsonElement alpha))
        {
            return new RopeSettings(RopeScaling.Alpha, theta, 1, alpha.GetDouble(), positions);
        }

        if (!table.TryGetProperty("scaling_factor", out JsonElement factor))
        {
            return new RopeSettings(RopeScaling.None, theta, 1, 0, positions);
        }

        bool linear = table.GetProperty("name").GetString()!.StartsWith("linear", StringComparison.Ordinal);
        return new RopeSettings(linear ? RopeScaling.Linear : RopeScaling.Dynamic, theta, factor.GetDouble(), 0, positions);
    }

    private static JsonElement[] Cases()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "rope.json")));
        return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.Clone())];
    }

    private static float[] Array(JsonElement table, string name)
    {
        JsonElement entry = table.GetProperty("arrays").GetProperty(name);
        int count = entry.GetProperty("shape").EnumerateArray().Aggregate(1, (n, e) => n * e.GetInt32());
        byte[] data = File.ReadAllBytes(Path.Combine(Folder, "rope.bin"));
        return MemoryMarshal.Cast<byte, float>(data.AsSpan(entry.GetProperty("offset").GetInt32(), count * 4)).ToArray();
    }
}
