using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>What the interpreter does not know is an error with a line.</summary>
public sealed class SyntaxTests
{
    [Theory]
    [InlineData("frobnicate.u32 %r1, %r2;")]
    [InlineData("add.q32 %r1, %r2, %r3;")]
    [InlineData("add.cc.u32 %r1, %r2, %r3;")]
    [InlineData("add.rn.ftz.f32 %f1, %f2, %f3;")]
    [InlineData("ex2.approx.f32 %f1, %f2;")]
    [InlineData("ld.local.u32 %r1, [%d1];")]
    [InlineData("ld.global.v3.u32 {%r1, %r2, %r3}, [%d1];")]
    [InlineData("ld.global.v2.u32 {%r1, %r2, %r3}, [%d1];")]
    [InlineData("ld.global.L3::no_allocate.u32 %r1, [%d1];")]
    [InlineData("ld.param.b64 %d1, [nothing];")]
    [InlineData("ld.param.b64 %d1, [input+4];")]
    [InlineData("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%f0, %f1, %f2, %f3}, {%r1, %r2}, {%r3}, {%f0, %f1, %f2, %f3};")]
    [InlineData("cvt.f32.s32 %f1, %r1;")]
    [InlineData("cvt.rni.f32.s32 %f1, %r1;")]
    [InlineData("cvt.rn.s32.f32 %r1, %f1;")]
    [InlineData("setp.lo.s32 %p1, %r1, %r2;")]
    [InlineData("setp.equ.u32 %p1, %r1, %r2;")]
    [InlineData("add.u32 %r1, %r2;")]
    [InlineData("add.u32 %r1, %r2, %d1;")]
    [InlineData("add.u32 %r1, %r2, %unknown;")]
    [InlineData("add.s32 %r1, %r2, %f1;")]
    [InlineData("add.rn.f32 %f1, %f2, 1;")]
    [InlineData("mov.u32 %tid.x, %r1;")]
    [InlineData("bra nowhere;")]
    [InlineData("bar.warp.sync 0xffff;")]
    [InlineData("call other;")]
    [InlineData("cp.async.cg.shared.global [%r1], [%d1], 8;")]
    [InlineData(".local .b8 stack[16];")]
    [InlineData("mov.u32 %r1, %clock;")]
    public void Unknown_instructions_name_their_line(string instruction)
    {
        TestKernel kernel = new($"mov.u32 %r63, 0;\n{instruction}");
        int line = kernel.Module[..kernel.Module.IndexOf(instruction, StringComparison.Ordinal)].Count(static c => c == '\n') + 1;
        using PtxDriver driver = new();
        CudaException error = Assert.Throws<CudaException>(() => driver.Load(kernel.Module, "test", 0));
        Assert.StartsWith($"test: Line {line}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Comments_and_layout_do_not_matter()
    {
        TestKernel kernel = new("/* two\nlines */ mov.u32 // the thread\n\t%r1,\n\t%tid.x; {.reg .b32 %inner; mov.u32 %inner, %r1; st.global.u32 [%d30], %inner;} .pragma \"nounroll\";") { Threads = 1 };
        Assert.Equal([0u], kernel.Run<uint>(1));
    }

    [Fact]
    public void Parameters_are_aligned_as_C_does()
    {
        const string Module = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry test(
                .param .u8 a,
                .param .u64 .ptr .global .align 16 output,
                .param .align 8 .b8 pair[12],
                .param .f32 c
            )
            {
                .reg .b64 %d<4>;
                .reg .b32 %r<4>;
                .reg .f32 %f;
                ld.param.u8 %r0, [a];
                ld.param.u64 %d0, [output];
                ld.param.u32 %r1, [pair+8];
                ld.param.f32 %f, [c];
                st.global.u32 [%d0], %r0;
                st.global.u32 [%d0+4], %r1;
                st.global.f32 [%d0+8], %f;
                ret;
            }
            """;
        using PtxDriver driver = new();
        nint function = driver.Load(Module, "test", 0);
        nint stream = driver.CreateStream();
        ulong memory = driver.Allocate(12);
        nint host = driver.AllocatePinned(12);
        byte[] arguments = [7, 0, 0, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(memory), 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, .. BitConverter.GetBytes(2.5f)];
        driver.LaunchAsync(function, new CudaGrid(1), 1, 0, stream, arguments);
        driver.CopyToHostAsync(host, memory, 12, stream);
        driver.Synchronize(stream);
        int[] result = new int[3];
        System.Runtime.InteropServices.Marshal.Copy(host, result, 0, 3);
        Assert.Equal([7, 9, BitConverter.SingleToInt32Bits(2.5f)], result);
    }
}
