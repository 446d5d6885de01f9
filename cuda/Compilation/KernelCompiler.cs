using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace HunyuanOrleans.Cuda.Compilation;

/// <summary>Compiles kernels to PTX with ILGPU, which needs no GPU. Thread-safe.</summary>
internal sealed partial class KernelCompiler : IDisposable
{
    private readonly Context _context;
    private readonly PTXBackend _backend;
    private readonly Lock _gate = new();

    /// <summary>Prepares a compiler with the instructions of <see cref="Ptx"/>.</summary>
    public KernelCompiler()
    {
        _context = Context.Create(static builder =>
        {
            builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
            IntrinsicImplementationManager intrinsics = builder.GetIntrinsicManager();
            foreach (MethodInfo method in typeof(Ptx).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            {
                intrinsics.RegisterMethod(
                    method, new PTXIntrinsic(typeof(PtxEmitter), nameof(PtxEmitter.Generate), IntrinsicImplementationMode.GenerateCode));
            }
        });
        _backend = new PTXBackend(_context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null!);
    }

    /// <summary>All kernels of this room.</summary>
    public static IEnumerable<MethodInfo> Kernels => typeof(KernelCompiler).Assembly.GetTypes()
        .SelectMany(static type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
        .Where(static method => method.IsDefined(typeof(KernelAttribute)));

    /// <summary>Name of a kernel's entry in its module.</summary>
    public static string EntryOf(MethodInfo kernel) => $"Kernel_{kernel.Name}";

    /// <summary>Compiles a kernel.</summary>
    /// <param name="kernel">A method with a <see cref="KernelAttribute"/>.</param>
    /// <returns>A module with one entry, for devices of compute capability 8.0 and newer.</returns>
    public string Compile(MethodInfo kernel)
    {
        int threads = kernel.GetCustomAttribute<KernelAttribute>()!.Threads;
        lock (_gate)
        {
            PTXCompiledKernel compiled = (PTXCompiledKernel)_backend.Compile(
                EntryPointDescription.FromExplicitlyGroupedKernel(kernel), new KernelSpecialization(threads, null));
            return Finish(compiled.PTXAssembly);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _backend.Dispose();
        _context.Dispose();
    }

    // ILGPU also writes an empty function for each instruction of Ptx, and marks branches as uniform that are not.
    private static string Finish(string text)
    {
        text = text.ReplaceLineEndings("\n");
        int entry = text.IndexOf(".visible .entry", StringComparison.Ordinal);
        StringBuilder module = new();
        module.Append(CultureInfo.InvariantCulture, $".version 8.0\n.target sm_80\n.address_size 64\n\n.extern .shared .align 16 .b8 {Ptx.SharedName}[];\n\n");
        module.Append(text.AsSpan(entry));
        return UniformBranch().Replace(module.ToString(), "bra\t");
    }

    [GeneratedRegex(@"bra\.uni\s+")]
    private static partial Regex UniformBranch();
}
