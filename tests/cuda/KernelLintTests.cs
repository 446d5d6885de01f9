using System.Reflection;
using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Ptx.Lint;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

/// <summary>Every kernel is PTX that a device runs fast and that leaves no result to the assembler.</summary>
public sealed class KernelLintTests(SharedCompiler compiler) : IClassFixture<SharedCompiler>
{
    // A multiprocessor has 65,536 registers, and a thread can have 255.
    private const int MultiprocessorRegisters = 65536;
    private const int MostRegisters = 255;

    // With 168 registers three blocks of 128 threads run on a multiprocessor.
    private const int MostAttentionRegisters = 168;

    // What a block can ask for on devices of compute capability 8.6, 8.9 and 12.0; others give more.
    private const int LeastSharedBytes = 101_376;

    private static readonly Type[] Attention = [typeof(AttentionKernels), typeof(AttentionF32Kernels), typeof(AttentionMergeKernels), typeof(SplitKernels)];

    public static TheoryData<string> Kernels => [.. KernelCompiler.Kernels.Select(static kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Nothing_is_slow_or_left_to_the_assembler(string name)
    {
        MethodInfo kernel = KernelCompiler.Kernels.Single(kernel => kernel.Name == name);
        int threads = kernel.GetCustomAttribute<KernelAttribute>()!.Threads;
        int most = Attention.Contains(kernel.DeclaringType) ? MostAttentionRegisters : MostRegisters;
        string ptx = compiler.Value.Compile(kernel);
        LintReport report = new PtxLint(Math.Min(most, MultiprocessorRegisters / threads)).Check(ptx);
        Assert.Equal(KernelCompiler.EntryOf(kernel), report.Entry);
        Assert.Empty(report.Findings);
        if (kernel.DeclaringType == typeof(ProductKernels))
        {
            Assert.True(report.LoadsVectors || CopiesVectors(ptx), $"{name} loads less than 16 bytes at once.");
        }

        if (Attention.Contains(kernel.DeclaringType))
        {
            Assert.True(report.LoadsVectors, $"{name} loads less than 16 bytes at once.");
        }

        if (Environment.GetEnvironmentVariable("HUNYUAN_PTX") is { } folder)
        {
            File.WriteAllText(Path.Combine(folder, name + ".ptx"), ptx);
        }
    }

    [Fact]
    public void No_block_asks_for_more_shared_memory_than_every_supported_device_gives()
    {
        int[] shared =
        [
            .. ProductKernel.All.Select(static kernel => kernel.SharedBytes), .. AttentionKernelSet.All.Select(static set => set.AttendSharedBytes),
            AttentionMergeKernels.SharedBytes, RoutingOrderKernels.SharedBytes, RowNormKernels.SharedBytes, SamplingKernels.SelectSharedBytes,
        ];
        Assert.All(shared, static bytes => Assert.InRange(bytes, 0, LeastSharedBytes));
        Assert.True(shared.Max() > LeastSharedBytes / 2);
    }

    [Fact]
    public void All_kernels_of_attention_are_checked() => Assert.Equal(19, KernelCompiler.Kernels.Count(static kernel => Attention.Contains(kernel.DeclaringType)));

    [Fact]
    public void Every_kernel_has_a_name_of_its_own() =>
        Assert.Equal(KernelCompiler.Kernels.Count(), KernelCompiler.Kernels.Select(static kernel => kernel.Name).Distinct().Count());

    private static bool CopiesVectors(string ptx) => ptx.Contains("cp.async.cg.shared.global", StringComparison.Ordinal);
}
