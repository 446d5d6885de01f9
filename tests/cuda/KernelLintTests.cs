using System.Reflection;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Ptx.Lint;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>Every kernel is PTX that a device runs fast and that leaves no result to the assembler.</summary>
public sealed class KernelLintTests(SharedCompiler compiler) : IClassFixture<SharedCompiler>
{
    // A multiprocessor has 65,536 registers, and a thread can have 255.
    private const int MultiprocessorRegisters = 65536;
    private const int MostRegisters = 255;

    public static TheoryData<string> Kernels => [.. KernelCompiler.Kernels.Select(static kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Nothing_is_slow_or_left_to_the_assembler(string name)
    {
        MethodInfo kernel = KernelCompiler.Kernels.Single(kernel => kernel.Name == name);
        int threads = kernel.GetCustomAttribute<KernelAttribute>()!.Threads;
        string ptx = compiler.Value.Compile(kernel);
        LintReport report = new PtxLint(Math.Min(MostRegisters, MultiprocessorRegisters / threads)).Check(ptx);
        Assert.Empty(report.Findings);
        if (kernel.DeclaringType == typeof(ProductKernels))
        {
            Assert.True(report.LoadsVectors || CopiesVectors(ptx), $"{name} loads less than 16 bytes at once.");
        }
    }

    [Fact]
    public void Every_kernel_has_a_name_of_its_own() =>
        Assert.Equal(KernelCompiler.Kernels.Count(), KernelCompiler.Kernels.Select(static kernel => kernel.Name).Distinct().Count());

    private static bool CopiesVectors(string ptx) => ptx.Contains("cp.async.cg.shared.global", StringComparison.Ordinal);
}
