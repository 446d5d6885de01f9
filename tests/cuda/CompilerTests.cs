using System.Reflection;
using HunyuanOrleans.Cuda.Compilation;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class CompilerTests
{
    [Fact]
    public void Every_kernel_compiles_to_one_entry_without_calls_or_local_memory()
    {
        using KernelCompiler compiler = new();
        foreach (MethodInfo kernel in KernelCompiler.Kernels)
        {
            string ptx = compiler.Compile(kernel);
            Assert.Contains($".visible .entry {KernelCompiler.EntryOf(kernel)}(", ptx, StringComparison.Ordinal);
            Assert.DoesNotContain(".func", ptx, StringComparison.Ordinal);
            Assert.DoesNotContain("call", ptx, StringComparison.Ordinal);
            Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
            if (Environment.GetEnvironmentVariable("HUNYUAN_PTX") is { } folder)
            {
                File.WriteAllText(Path.Combine(folder, kernel.Name + ".ptx"), ptx);
            }
        }
    }
}
