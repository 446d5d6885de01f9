using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>Whatever a GPU would punish or silently get wrong is a fault.</summary>
public sealed class FaultTests
{
    // %r1 is the thread, %r2 an address in shared memory of its own word, %d1 one in the output, %d2 one in the input.
    private const string Prefix = """
        mov.u32 %r1, %tid.x;
        mov.u32 %r2, dynamic_shared; mad.lo.u32 %r2, %r1, 4, %r2;
        mul.wide.u32 %d1, %r1, 4; add.u64 %d2, %d1, %d31; add.u64 %d1, %d1, %d30;

        """;

    [Theory]
    [InlineData("st.global.u32 [%d30+128], %r1;", "bytes after the start of an allocation of 128 bytes")]
    [InlineData("ld.global.u32 %r3, [%d31+128];", "bytes after the start of an allocation of 128 bytes")]
    [InlineData("ld.global.v4.u32 {%r3, %r4, %r5, %r6}, [%d31+120];", "is not aligned to 16 bytes")]
    [InlineData("ld.global.u32 %r3, [%d2+2];", "is not aligned to 4 bytes")]
    [InlineData("st.global.u16 [%d1+1], %r1;", "is not aligned to 2 bytes")]
    [InlineData("ld.global.u32 %r3, [64];", "is not in device memory")]
    [InlineData("prefetch.global.L2 [%d31+128];", "bytes after the start of an allocation of 128 bytes")]
    [InlineData("ld.global.u32 %r3, [%d31+-4];", "bytes after the start of an allocation")]
    [InlineData("ld.global.u32 %r3, [%d1];", "was never written")]
    [InlineData("st.global.u16 [%d1], %r1; ld.global.u32 %r3, [%d1];", "was never written")]
    [InlineData("st.global.u32 [%d1], %r1; ld.global.nc.u32 %r3, [%d1];", "so that .nc must not read it")]
    [InlineData("add.u32 %r3, %r1, %r4;", "The register %r4 was never written")]
    [InlineData("setp.lt.u32 %p1, %r1, 9; @%p1 mov.u32 %r3, 1; add.u32 %r4, %r3, 1;", "The register %r3 was never written")]
    [InlineData("@%p1 add.u32 %r4, %r1, 1;", "The register %p1 was never written")]
    [InlineData("mov.u32 %r3, 0; div.s32 %r3, %r1, %r3;", "The divisor is 0")]
    [InlineData("st.shared.u32 [%r2+128], %r1;", "is not within the 128 bytes")]
    [InlineData("mov.u32 %r3, 0; st.shared.u32 [%r3], %r1;", "is not within the 128 bytes")]
    [InlineData("st.shared.u32 [%r2+2], %r1;", "is not aligned to 4 bytes")]
    [InlineData("ld.shared.u32 %r3, [%r2];", "was never written")]
    [InlineData("table: .branchtargets a, b; brx.idx %r1, table; a: ret; b: ret;", "is not below 2")]
    [InlineData("bar.sync 0, 64;", "only barriers for all")]
    public void Wrong_accesses(string body, string message) => Expect(new TestKernel(Prefix + body) { SharedBytes = 128 }, message);

    [Theory]
    [InlineData("st.shared.u32 [%r2], %r1; xor.b32 %r3, %r2, 4; ld.shared.u32 %r4, [%r3];", 32)]
    [InlineData("st.shared.u32 [%r2], %r1; bar.sync 0; st.shared.u32 [%r2], %r1; bar.warp.sync 0xffffffff; xor.b32 %r3, %r2, 128; ld.shared.u32 %r4, [%r3];", 64)]
    [InlineData("mov.u32 %r3, dynamic_shared; st.shared.u32 [%r3], %r1;", 32)]
    [InlineData("st.shared.u32 [%r2], %r1; bar.sync 0; xor.b32 %r3, %r2, 4; ld.shared.u32 %r4, [%r3]; st.shared.u32 [%r2], %r4;", 32)]
    [InlineData("st.shared.u32 [%r2], %r1; bar.sync 0; xor.b32 %r3, %r2, 128; ld.shared.u32 %r4, [%r3]; st.shared.u32 [%r2], %r4;", 64)]
    [InlineData("st.shared.u32 [%r2], %r1; bar.sync 0; mov.u32 %r3, dynamic_shared; ld.shared.u32 %r4, [%r3]; bar.warp.sync 0xffffffff; st.shared.u32 [%r2], %r4;", 64)]
    public void Races_in_shared_memory(string body, int threads) =>
        Expect(new TestKernel(Prefix + body) { SharedBytes = 4 * threads, Threads = threads }, "Race:");

    [Theory]
    [InlineData("st.shared.u32 [%r2], %r1; bar.warp.sync 0xffffffff; xor.b32 %r3, %r2, 4; ld.shared.u32 %r4, [%r3];", 64)]
    [InlineData("st.shared.u32 [%r2], %r1; bar.sync 0; xor.b32 %r3, %r2, 128; ld.shared.u32 %r4, [%r3]; bar.sync 0; st.shared.u32 [%r2], %r4;", 64)]
    [InlineData("st.shared.u32 [%r2], %r1; ld.shared.u32 %r3, [%r2]; st.shared.u32 [%r2], %r3;", 64)]
    [InlineData("mov.u32 %r3, dynamic_shared; add.u32 %r3, %r3, %r1; st.shared.u8 [%r3], %r1;", 64)]
    [InlineData("st.shared.u32 [%r2], %r1; bar.sync 0; mov.u32 %r3, dynamic_shared; ld.shared.u32 %r4, [%r3];", 64)]
    public void Ordered_accesses_to_shared_memory_are_no_races(string body, int threads) =>
        new TestKernel(Prefix + body) { SharedBytes = 4 * threads, Threads = threads }.Run<uint>(1);

    [Theory]
    [InlineData("setp.eq.u32 %p1, %r9, 0; @%p1 st.global.u32 [%d1], %r1; @!%p1 ld.global.u32 %r3, [%d30];")]
    [InlineData("st.global.u32 [%d1], %r1;")]
    [InlineData("ld.global.u32 %r3, [%d2]; setp.eq.u32 %p1, %r9, 2; @%p1 st.global.u32 [%d2], %r1;")]
    [InlineData("ld.global.u32 %r3, [%d31]; add.u64 %d3, %d31, 4; setp.eq.u32 %p1, %r9, 2; @%p1 st.global.u32 [%d3+-4], %r1;")]
    public void Races_between_blocks(string body)
    {
        string text = Prefix + "mov.u32 %r9, %ctaid.x; " + body;
        TestKernel kernel = new(text) { Blocks = 3, Threads = 1, Options = new PtxDriverOptions { Workers = 1 } };
        PtxFault fault = Assert.Throws<PtxFault>(() => kernel.Run<uint>(new uint[32], 32));
        Assert.Contains("Race:", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_of_one_word_may_belong_to_different_blocks()
    {
        string body = "mov.u32 %r1, %ctaid.x; cvt.u64.u32 %d1, %r1; add.u64 %d1, %d1, %d30; st.global.u8 [%d1], %r1; ld.global.u8 %r2, [%d31];";
        Assert.Equal(Enumerable.Range(0, 9).Select(static i => (byte)i), new TestKernel(body) { Blocks = 9, Threads = 1 }.Run<byte>([1], 9));
    }

    [Fact]
    public void Launches_do_not_race_with_earlier_ones()
    {
        using PtxDriver driver = new();
        nint function = driver.Load(new TestKernel(Prefix + "mov.u32 %r3, %ctaid.x; st.global.u32 [%d1], %r3;").Module, "test", 0);
        nint stream = driver.CreateStream();
        ulong memory = driver.Allocate(128);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(memory);
        arguments.Add(memory);
        driver.LaunchAsync(function, new CudaGrid(1), 32, 0, stream, arguments.Bytes);
        driver.LaunchAsync(function, new CudaGrid(1), 32, 0, stream, arguments.Bytes);
        driver.Synchronize(stream);
        Assert.Equal(2, driver.Statistics["test"].Launches);
    }

    [Theory]
    [InlineData("ld.shared.u32 %r3, [%r10];")]
    [InlineData("st.shared.u32 [%r10], %r1;")]
    [InlineData("cp.async.commit_group; cp.async.wait_group 1; ld.shared.u32 %r3, [%r10];")]
    [InlineData("cp.async.wait_group 0; ld.shared.u32 %r3, [%r10];")]
    [InlineData("bar.sync 0; ld.shared.u32 %r3, [%r10];")]
    public void Targets_of_copies_that_are_not_done(string body) => Expect(Copying(body), "was not waited for");

    [Theory]
    [InlineData("cp.async.wait_all; xor.b32 %r11, %r10, 16; ld.shared.u32 %r3, [%r11];")]
    [InlineData("cp.async.wait_all; bar.warp.sync 0xffffffff; xor.b32 %r11, %r10, 16; ld.shared.u32 %r3, [%r11]; cp.async.ca.shared.global [%r10], [%d3], 16;")]
    public void Races_with_copies(string body) => Expect(Copying(body), "Race:");

    [Theory]
    [InlineData("cp.async.cg.shared.global [%r10], [%d3+8], 16;", "is not aligned to 16 bytes")]
    [InlineData("cp.async.cg.shared.global [%r10+8], [%d3], 16;", "is not aligned to 16 bytes")]
    [InlineData("cp.async.cg.shared.global [%r10+512], [%d3], 16;", "is not within")]
    [InlineData("cp.async.cg.shared.global [%r10], [%d3+512], 16;", "an allocation of 512 bytes")]
    [InlineData("mov.u32 %r12, 17; cp.async.cg.shared.global [%r10], [%d3], 16, %r12;", "17 bytes are to be copied into 16")]
    public void Wrong_copies(string body, string message) => Expect(Copying(body), message);

    [Theory]
    [InlineData("add.f32 %f1, %f2, %f2;")]
    [InlineData("sub.f32 %f1, %f2, %f2;")]
    [InlineData("mul.f32 %f1, %f2, %f2;")]
    public void Arithmetic_that_may_be_contracted(string instruction)
    {
        string body = $"mov.f32 %f2, 0f3fc00000; {instruction} st.global.f32 [%d30], %f1;";
        Expect(new TestKernel(body), "may contract");
        float expected = instruction[0] switch { 'a' => 3, 's' => 0, _ => 2.25f };
        TestKernel allowed = new(body) { Threads = 1, Options = new PtxDriverOptions { AllowsContraction = true } };
        Assert.Equal([expected], allowed.Run<float>(1));
    }

    [Fact]
    public void Memory_that_was_freed()
    {
        using PtxDriver driver = new();
        nint function = driver.Load(new TestKernel("ld.global.u32 %r1, [%d31];").Module, "test", 0);
        nint stream = driver.CreateStream();
        ulong kept = driver.Allocate(64);
        ulong freed = driver.Allocate(64);
        driver.ClearAsync(freed, 64, stream);
        driver.Synchronize(stream);
        driver.Free(freed);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(kept);
        arguments.Add(freed);
        driver.LaunchAsync(function, new CudaGrid(1), 32, 0, stream, arguments.Bytes);
        PtxFault fault = Assert.Throws<PtxFault>(() => driver.Synchronize(stream));
        Assert.Contains("was freed", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loops_that_do_not_end()
    {
        TestKernel kernel = new("loop: bra loop;") { Options = new PtxDriverOptions { MaxInstructions = 1000 } };
        Expect(kernel, "ran 1000 instructions");
    }

    [Fact]
    public void Threads_that_end_before_a_barrier() =>
        Expect(new TestKernel(Prefix + "setp.lt.u32 %p1, %r1, 32; @%p1 ret; bar.sync 0;") { Threads = 64, SharedBytes = 256 }, "ended before this barrier");

    [Fact]
    public void Warps_at_different_barriers() => Expect(
        new TestKernel(Prefix + "setp.lt.u32 %p1, %r1, 32; @%p1 bra other; bar.sync 0; ret; other: bar.sync 1;") { Threads = 64, SharedBytes = 256 },
        "waits at the barrier");

    [Fact]
    public void A_fault_says_where_it_is()
    {
        string text = """
            mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.y;
            setp.ne.u32 %p1, %r1, 37;
            @%p1 ret;
            st.global.u32   [%d30+1], %r1;
            """;
        TestKernel kernel = new(text) { Threads = 64 };
        PtxFault fault = Assert.Throws<PtxFault>(() => kernel.Run<uint>(1));
        Assert.Equal("test", fault.Kernel);
        Assert.Equal("st.global.u32 [%d30+1], %r1;", fault.Instruction);
        Assert.Equal(kernel.Module.Split('\n')[fault.Line - 1].Trim(), text.Split('\n')[^1].Trim());
        Assert.Equal((0, 0, 0), fault.Block);
        Assert.Equal(37, fault.Thread);
        Assert.EndsWith("Block (0, 0, 0), warp 1, lane 5.", fault.Message, StringComparison.Ordinal);
    }

    private static TestKernel Copying(string body) => new(Prefix + """
        mov.u32 %r10, dynamic_shared; mad.lo.u32 %r10, %r1, 16, %r10;
        mul.wide.u32 %d3, %r1, 16; add.u64 %d3, %d3, %d31;
        cp.async.cg.shared.global [%r10], [%d3], 16;

        """ + body) { SharedBytes = 512 };

    private static void Expect(TestKernel kernel, string message)
    {
        uint[] input = new uint[kernel.SharedBytes == 512 ? 128 : 32];
        PtxFault fault = Assert.Throws<PtxFault>(() => kernel.Run<uint>(input, 32));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }
}
