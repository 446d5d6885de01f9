using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx.Decoding;
using HunyuanOrleans.Ptx.Execution;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Driver;

/// <summary>A function of a loaded module.</summary>
/// <param name="Program">The program.</param>
/// <param name="SharedBytes">The most shared memory that a launch may ask for.</param>
internal sealed record LoadedKernel(KernelProgram Program, int SharedBytes)
{
    private const int MaxThreads = 1024;
    private const int MaxGridYZ = 65535;

    /// <summary>Loads an entry of a module.</summary>
    public static LoadedKernel Load(string ptx, string entry, int sharedBytes, int mostSharedBytes, bool allowsContraction)
    {
        try
        {
            PtxEntry found = PtxModule.Parse(ptx).Entries.Find(parsed => parsed.Name == entry) ?? throw new CudaException($"The module has no entry {entry}.");
            KernelProgram program = ProgramBuilder.Build(found, allowsContraction);
            return sharedBytes >= 0 && program.StaticSharedBytes + (long)sharedBytes <= mostSharedBytes
                ? new LoadedKernel(program, sharedBytes)
                : throw new CudaException(
                    $"{entry} asks for {program.StaticSharedBytes} + {sharedBytes} bytes of shared memory; the device has {mostSharedBytes} for a block.");
        }
        catch (PtxSyntaxException error)
        {
            throw new CudaException($"{entry}: {error.Message}");
        }
    }

    /// <summary>Checks the sizes of a launch.</summary>
    public void Check(CudaGrid grid, int threads, int sharedBytes, int argumentBytes)
    {
        int most = Program.MaxThreads == 0 ? MaxThreads : Math.Min(MaxThreads, Program.MaxThreads);
        string? error = threads < 1 || threads > most ? $"{threads} threads are not 1 to {most}"
            : sharedBytes < 0 || sharedBytes > SharedBytes ? $"{sharedBytes} bytes of shared memory are not 0 to {SharedBytes}, as it was loaded for"
            : argumentBytes != Program.ParameterBytes ? $"there are {argumentBytes} bytes of arguments instead of {Program.ParameterBytes}"
            : grid.X < 0 || grid.Y is < 0 or > MaxGridYZ || grid.Z is < 0 or > MaxGridYZ ? $"{grid} is not possible"
            : null;
        if (error is not null)
        {
            throw new CudaException($"{Program.Name} cannot be launched: {error}.");
        }
    }
}
