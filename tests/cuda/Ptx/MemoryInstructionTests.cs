using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class MemoryInstructionTests
{
    private const string Prefix = "mov.u32 %r1, %tid.x; mul.wide.u32 %d1, %r1, 16; add.u64 %d2, %d1, %d30; add.u64 %d1, %d1, %d31; ";

    private static readonly byte[] Input = [.. Enumerable.Range(0, 512).Select(static i => (byte)(i * 73))];

    [Theory]
    [InlineData("ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%d1]; st.global.v4.u32 [%d2], {%r2, %r3, %r4, %r5};")]
    [InlineData("ld.global.nc.L1::no_allocate.v4.u32 {%r2, %r3, %r4, %r5}, [%d1]; st.global.v2.u32 [%d2], {%r2, %r3}; st.global.v2.u32 [%d2+8], {%r4, %r5};")]
    [InlineData("ld.global.v4.f32 {%f2, %f3, %f4, %f5}, [%d1]; st.global.v4.f32 [%d2], {%f2, %f3, %f4, %f5};")]
    [InlineData("ld.global.v2.u64 {%d3, %d4}, [%d1]; st.global.v2.b64 [%d2], {%d3, %d4};")]
    [InlineData("add.u64 %d1, %d1, 16; ld.global.u64 %d3, [%d1+-16]; ld.global.b64 %d4, [%d1+-8]; st.global.u64 [%d2], %d3; st.global.u64 [%d2+8], %d4;")]
    [InlineData("ld.global.L1::evict_last.v2.u32 {%r2, %r3}, [%d1]; ld.global.cs.v2.u32 {%r4, %r5}, [%d1+8]; st.global.cg.v4.u32 [%d2], {%r2, %r3, %r4, %r5};")]
    public void Global_memory_moves_unchanged(string body) => Assert.Equal(Input, new TestKernel(Prefix + body).Run<byte>(Input, 512));

    [Theory]
    [InlineData("ld.global.u8 %r2, [%d1+1];", 73u, 0u)]
    [InlineData("ld.global.s8 %r2, [%d1+2];", 0xffffff92u, 0u)]
    [InlineData("ld.global.u16 %r2, [%d1+2];", 0xdb92u, 0u)]
    [InlineData("ld.global.s16 %r2, [%d1+2];", 0xffffdb92u, 0u)]
    [InlineData("ld.global.u8 %h1, [%d1+3]; cvt.u32.u16 %r2, %h1;", 0xdbu, 0u)]
    [InlineData("ld.global.s8 %h1, [%d1+3]; cvt.u32.u16 %r2, %h1;", 0xffdbu, 0u)]
    [InlineData("ld.global.s32 %d3, [%d1]; mov.b64 {%r2, %r3}, %d3;", 0xdb924900u, 0xffffffffu)]
    [InlineData("ld.global.u32 %d3, [%d1]; mov.b64 {%r2, %r3}, %d3;", 0xdb924900u, 0u)]
    public void Narrow_loads_are_extended(string body, uint low, uint high)
    {
        uint[] result = new TestKernel($"{Prefix} mov.u32 %r3, 0; {body} st.global.v2.u32 [%d2], {{%r2, %r3}};") { Threads = 1 }
            .Run<uint>([0xdb924900, 0, 0, 0], 2);
        Assert.Equal([low, high], result);
    }

    [Fact]
    public void Narrow_stores_leave_the_rest()
    {
        string body = "mov.u32 %r2, 0x12345678; mov.u64 %d3, 0; st.global.u64 [%d30], %d3; st.global.u8 [%d30+1], %r2; st.global.u16 [%d30+4], %r2;";
        Assert.Equal([0x7800u, 0x5678u], new TestKernel(body) { Threads = 1 }.Run<uint>(2));
    }

    [Fact]
    public void Shared_memory_moves_unchanged()
    {
        string body = Prefix + """
            .shared .align 16 .b8 buffer[512];
            mov.u32 %r10, buffer;
            mad.lo.u32 %r10, %r1, 16, %r10;
            ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%d1];
            st.shared.v4.u32 [%r10], {%r2, %r3, %r4, %r5};
            bar.warp.sync 0xffffffff;
            mov.u32 %r11, buffer;
            xor.b32 %r12, %r1, 1;
            mad.lo.u32 %r11, %r12, 16, %r11;
            ld.shared.v2.u32 {%r2, %r3}, [%r11];
            ld.shared.f32 %f1, [%r11+8];
            ld.shared.u16 %r6, [%r11+12];
            ld.shared.u8 %r7, [%r11+14];
            ld.shared.u8 %r8, [%r11+15];
            prmt.b32 %r6, %r6, %r7, 0x0410;
            prmt.b32 %r6, %r6, %r8, 0x4210;
            mov.b32 %r9, %f1;
            st.global.v4.u32 [%d2], {%r2, %r3, %r9, %r6};
            """;
        Assert.Equal(Enumerable.Range(0, 512).Select(static i => Input[i ^ 16]), new TestKernel(body).Run<byte>(Input, 512));
    }

    [Fact]
    public void Copies_arrive_when_they_are_waited_for()
    {
        // Three stages of 16 bytes in flight. The last copy takes 4 bytes and fills the rest with zeros.
        string body = Prefix + """
            mov.u32 %r10, dynamic_shared;
            mad.lo.u32 %r10, %r1, 48, %r10;
            cp.async.cg.shared.global [%r10], [%d1], 16;
            cp.async.commit_group;
            cp.async.cg.shared.global [%r10+16], [%d1], 16, 16;
            cp.async.commit_group;
            mov.u32 %r11, 4;
            cp.async.ca.shared.global.L2::128B [%r10+32], [%d1], 16, %r11;
            cp.async.commit_group;
            cp.async.wait_group 2;
            ld.shared.u32 %r2, [%r10];
            cp.async.wait_group 1;
            ld.shared.u32 %r3, [%r10+20];
            cp.async.wait_group 0;
            ld.shared.v2.u32 {%r4, %r5}, [%r10+32];
            st.global.v4.u32 [%d2], {%r2, %r3, %r4, %r5};
            """;
        uint[] input = [.. Enumerable.Range(0, 128).Select(static i => (uint)i + 5)];
        uint[] result = new TestKernel(body) { SharedBytes = 32 * 48 }.Run<uint>(input, 128);
        Assert.Equal(Enumerable.Range(0, 128).Select(static i => (i % 4) switch { 0 or 2 => (uint)(i / 4 * 4) + 5, 1 => (uint)i + 5, _ => 0u }), result);
    }

    [Fact]
    public void Waiting_for_all_includes_copies_of_no_group()
    {
        string body = Prefix + """
            mov.u32 %r10, dynamic_shared;
            mad.lo.u32 %r10, %r1, 16, %r10;
            cp.async.ca.shared.global [%r10], [%d1], 8;
            cp.async.ca.shared.global [%r10+8], [%d1+8], 4;
            cp.async.wait_all;
            ld.shared.v2.u32 {%r2, %r3}, [%r10];
            ld.shared.u32 %r4, [%r10+8];
            st.global.v2.u32 [%d2], {%r2, %r3};
            st.global.u32 [%d2+8], %r4;
            """;
        byte[] result = new TestKernel(body) { SharedBytes = 512 }.Run<byte>(Input, 512);
        Assert.Equal(Enumerable.Range(0, 512).Select(static i => i % 16 < 12 ? Input[i] : (byte)0xcd), result);
    }
}
