using System.Reflection;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Ptx.Lint;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

public sealed class AttentionLintTests
{
    // With 168 registers three blocks of 128 threads run on a multiprocessor.
    private const int MaxRegisters = 168;

    [Fact]
    public void Three_blocks_of_each_kernel_may_fit_on_a_multiprocessor()
    {
        using KernelCompiler compiler = new();
        PtxLint lint = new(MaxRegisters);
        Type[] types = [typeof(AttentionKernels), typeof(AttentionF32Kernels), typeof(AttentionMergeKernels), typeof(SplitKernels)];
        IEnumerable<MethodInfo> kernels = KernelCompiler.Kernels.Where(kernel => types.Contains(kernel.DeclaringType));
        LintReport[] reports = [.. kernels.Select(kernel => lint.Check(compiler.Compile(kernel)))];
        Assert.Equal(19, reports.Length);
        Assert.Empty(reports.SelectMany(static report => report.Findings.Select(finding => $"{report.Entry} ({report.Registers}): {finding}")));
        Assert.All(reports, static report => Assert.True(report.LoadsVectors, report.Entry));
    }
}
