using HunyuanOrleans.Ptx.Lint;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class PtxLintTests
{
    [Theory]
    [InlineData(".local .b8 stack[16];", "Local memory")]
    [InlineData("call other;", "A function is called")]
    [InlineData("ex2.approx.f32 %f1, %f2;", "approximation")]
    [InlineData("mul.f32 %f1, %f2, %f3;", "The rounding is not named")]
    [InlineData("add.f32 %f1, %f2, %f3;", "The rounding is not named")]
    [InlineData("add.f64 %g1, %g2, %g3;", "The rounding is not named")]
    [InlineData("sub.f16 %h1, %h2, %h3;", "The rounding is not named")]
    [InlineData("mul.bf16x2 %r1, %r2, %r3;", "The rounding is not named")]
    [InlineData("frobnicate.u32 %r1, %r2;", "does not know this instruction")]
    public void Findings(string instruction, string finding) =>
        Assert.Contains(new PtxLint().Check(new TestKernel(instruction).Module).Findings, found => found.Contains(finding, StringComparison.Ordinal));

    [Fact]
    public void Functions_are_found() => Assert.Contains(
        new PtxLint().Check(".extern .func other;\n" + new TestKernel("").Module).Findings, static found => found.StartsWith("Another function", StringComparison.Ordinal));

    [Fact]
    public void Good_kernels_have_none()
    {
        LintReport report = new PtxLint().Check(new TestKernel("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%d31]; st.global.u32 [%d30], %r4;").Module);
        Assert.Empty(report.Findings);
        Assert.Equal(("test", 0, true), (report.Entry, report.StaticSharedBytes, report.LoadsVectors));
        Assert.False(new PtxLint().Check(new TestKernel("ld.global.v2.u32 {%r1, %r2}, [%d31];").Module).LoadsVectors);
    }

    [Fact]
    public void Registers_are_counted_where_they_hold_values()
    {
        // %d30, %r1 and %r2 hold values in the loop.
        const string Loop = """
            mov.u32 %r1, 0; mov.u32 %r2, 0;
            loop:
            add.u32 %r2, %r2, %r1;
            add.u32 %r1, %r1, 1;
            setp.lt.u32 %p1, %r1, 10;
            @%p1 bra loop;
            st.global.u32 [%d30], %r2;
            """;
        Assert.Equal(4, Registers(Loop));
        Assert.Equal(4 + 3, Registers("mov.u32 %r3, 0; mov.u64 %d3, 0; " + Loop + "st.global.u32 [%d30], %r3; st.global.u64 [%d30], %d3;"));
        Assert.Contains(
            new PtxLint(maxRegisters: 3).Check(new TestKernel(Loop).Module).Findings, static found => found.StartsWith("4 registers", StringComparison.Ordinal));
    }

    [Fact]
    public void Static_shared_memory_has_a_limit() => Assert.Contains(
        new PtxLint(maxStaticSharedBytes: 64).Check(new TestKernel(".shared .align 4 .b8 buffer[65];").Module).Findings,
        static found => found.StartsWith("The module decides on 65 bytes", StringComparison.Ordinal));

    private static int Registers(string body) => new PtxLint().Check(new TestKernel(body).Module).Registers;
}
