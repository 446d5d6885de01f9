using HunyuanOrleans.Ptx;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class WarpInstructionTests
{
    private const string Address = "mov.u32 %r1, %tid.x; mul.wide.u32 %d1, %r1, 4; add.u64 %d1, %d1, %d30;\n";

    [Theory]
    [InlineData("bfly.b32 %r3, %r2, 5, 31")]
    [InlineData("bfly.b32 %r3, %r2, 8, 0x181f")]
    [InlineData("down.b32 %r3, %r2, 3, 31")]
    [InlineData("down.b32 %r3, %r2, 3, 0x181f")]
    [InlineData("up.b32 %r3, %r2, 3, 0")]
    [InlineData("up.b32 %r3, %r2, 3, 0x1800")]
    [InlineData("idx.b32 %r3, %r2, 9, 31")]
    [InlineData("idx.b32 %r3, %r2, 9, 0x181f")]
    public void Shuffles_take_the_value_of_a_lane_in_range_or_keep_their_own(string shuffle)
    {
        string[] parts = shuffle.Split(' ', ',');
        int by = int.Parse(parts[^3], System.Globalization.CultureInfo.InvariantCulture);
        int width = parts[^1].StartsWith("0x18", StringComparison.Ordinal) ? 8 : 32;
        uint[] result = new TestKernel($"""
            {Address}
            mul.lo.u32 %r2, %r1, 3;
            shfl.sync.{shuffle.Replace("%r3", "%r3|%p1", StringComparison.Ordinal)}, 0xffffffff;
            selp.u32 %r4, 1000, 0, %p1;
            add.u32 %r3, %r3, %r4;
            st.global.u32 [%d1], %r3;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(lane =>
        {
            int first = lane / width * width;
            int from = parts[0][0] switch
            {
                'b' => lane ^ by,
                'd' => lane + by,
                'u' => lane - by,
                _ => first + (by % width),
            };
            bool isInRange = from >= (parts[0][0] == 'b' ? 0 : first) && from < first + width;
            return (uint)(isInRange ? 1000 + (3 * from) : 3 * lane);
        }), result);
    }

    [Fact]
    public void A_product_of_tiles_adds_products_in_their_order()
    {
        Random random = new(3);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => ToBfloat((float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-8, 8)))))];
        float[] weights = Values(16 * 16);
        float[] tokens = Values(16 * 8);
        float[] sums = [.. Enumerable.Range(0, 16 * 8).Select(_ => (float)random.NextDouble())];
        uint Pair(float low, float high) => (BitConverter.SingleToUInt32Bits(low) >> 16) | (BitConverter.SingleToUInt32Bits(high) & 0xffff0000);
        List<uint> input = [];
        for (int lane = 0; lane < 32; lane++)
        {
            int g = lane / 4;
            int t = 2 * (lane % 4);
            uint Weights(int row, int column) => Pair(weights[(row * 16) + column], weights[(row * 16) + column + 1]);
            uint Tokens(int row) => Pair(tokens[(row * 8) + g], tokens[((row + 1) * 8) + g]);
            input.AddRange([Weights(g, t), Weights(g + 8, t), Weights(g, t + 8), Weights(g + 8, t + 8), Tokens(t), Tokens(t + 8), 0, 0]);
            input.AddRange(((float[])[sums[(g * 8) + t], sums[(g * 8) + t + 1], sums[((g + 8) * 8) + t], sums[((g + 8) * 8) + t + 1]]).Select(BitConverter.SingleToUInt32Bits));
            input.AddRange([0, 0, 0, 0]);
        }

        // The result goes to registers that are also read.
        uint[] result = new TestKernel("""
            mov.u32 %r1, %tid.x;
            mul.wide.u32 %d1, %r1, 64; add.u64 %d1, %d1, %d31;
            mul.wide.u32 %d2, %r1, 16; add.u64 %d2, %d2, %d30;
            ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%d1];
            ld.global.v2.u32 {%r6, %r7}, [%d1+16];
            ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%d1+32];
            mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f3, %f2, %f1, %f0}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f0, %f1, %f2, %f3};
            st.global.v4.f32 [%d2], {%f3, %f2, %f1, %f0};
            """).Run<uint>([.. input], 128);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = (lane / 4) + (i < 2 ? 0 : 8);
                int column = (2 * (lane % 4)) + (i % 2);
                float sum = sums[(row * 8) + column];
                for (int k = 0; k < 16; k++)
                {
                    sum += weights[(row * 16) + k] * tokens[(k * 8) + column];
                }

                Assert.Equal(sum, BitConverter.UInt32BitsToSingle(result[(4 * lane) + i]));
            }
        }
    }

    [Theory]
    [InlineData("x4", false)]
    [InlineData("x4", true)]
    [InlineData("x2", false)]
    [InlineData("x1", true)]
    public void Matrices_come_from_shared_memory(string count, bool isTransposed)
    {
        int matrices = count[1] - '0';
        string targets = string.Join(", ", Enumerable.Range(2, matrices).Select(static i => $"%r{i}"));
        uint[] result = new TestKernel($$"""
            mov.u32 %r1, %tid.x; mov.u32 %r10, dynamic_shared;
            mul.wide.u32 %d1, %r1, 16; add.u64 %d2, %d1, %d30; add.u64 %d1, %d1, %d31;
            mad.lo.u32 %r10, %r1, 16, %r10;
            ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%d1];
            st.shared.v4.u32 [%r10], {%r2, %r3, %r4, %r5};
            bar.sync 0;
            mov.u32 %r2, 0; mov.u32 %r3, 0; mov.u32 %r4, 0; mov.u32 %r5, 0;
            ldmatrix.sync.aligned.m8n8.{{count}}{{(isTransposed ? ".trans" : "")}}.shared.b16 { {{targets}} }, [%r10];
            st.global.v4.u32 [%d2], {%r2, %r3, %r4, %r5};
            """) { SharedBytes = 512 }.Run<uint>([.. Enumerable.Range(0, 128).Select(static i => (uint)((2 * i) | ((2 * i) + 1) << 16))], 128);
        for (int i = 0; i < 128; i++)
        {
            (int lane, int matrix) = (i / 4, i % 4);
            int Element(int row, int column) => (64 * matrix) + (8 * row) + column;
            (int row, int column) = (lane / 4, 2 * (lane % 4));
            int expected = isTransposed ? Element(column, row) | (Element(column + 1, row) << 16) : Element(row, column) | (Element(row, column + 1) << 16);
            Assert.Equal(matrix < matrices ? (uint)expected : 0, result[i]);
        }
    }

    [Fact]
    public void A_matrix_is_transposed_in_registers()
    {
        uint[] result = new TestKernel($"""
            {Address}
            mul.lo.u32 %r2, %r1, 0x20002; add.u32 %r2, %r2, 0x10000;
            movmatrix.sync.aligned.m8n8.trans.b16 %r3, %r2;
            st.global.u32 [%d1], %r3;
            """).Run<uint>(32);
        Assert.Equal(
            Enumerable.Range(0, 32).Select(static lane => (uint)((16 * (lane % 4)) + (lane / 4) + (((16 * (lane % 4)) + 8 + (lane / 4)) << 16))), result);
    }

    [Theory]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 bar.warp.sync 0xffffffff;")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 bar.sync 0;")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 shfl.sync.bfly.b32 %r3, %r1, 1, 31, 0xffffffff;")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 ret; shfl.sync.bfly.b32 %r3, %r1, 1, 31, 0xffffffff;")]
    [InlineData("setp.lt.u32 %p1, %r1, 16; @%p1 bra other; bar.sync 0; ret; other: bar.sync 0;")]
    [InlineData("mov.u32 %r2, 0; setp.lt.u32 %p1, %r1, 16; @%p1 movmatrix.sync.aligned.m8n8.trans.b16 %r3, %r2;")]
    public void Lanes_that_do_not_come_are_a_fault(string body)
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => new TestKernel(Address + body).Run<uint>(32));
        Assert.Contains("Not all lanes of the mask come", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lane_outside_of_the_mask_is_a_fault()
    {
        PtxFault fault = Assert.Throws<PtxFault>(() => new TestKernel(Address + "shfl.sync.bfly.b32 %r3, %r1, 1, 31, 0xffff;").Run<uint>(32));
        Assert.Equal(16, fault.Thread);
        Assert.Contains("whose mask does not have it", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_warp_may_shuffle_alone()
    {
        uint[] result = new TestKernel(Address + """
            mov.u32 %r3, 7;
            setp.lt.u32 %p1, %r1, 16;
            @%p1 shfl.sync.bfly.b32 %r3, %r1, 1, 31, 0xffff;
            st.global.u32 [%d1], %r3;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => i < 16 ? (uint)(i ^ 1) : 7), result);
    }

    private static float ToBfloat(float value) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xffff0000);
}
