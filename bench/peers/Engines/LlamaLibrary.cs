using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using LLama.Exceptions;
using LLama.Native;

namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>Loads llama.cpp's library, in the build that fits an instruction set. A process can load only one.</summary>
internal static class LlamaLibrary
{
    /// <summary>Whether the libraries were copied beside this program.</summary>
    public static bool IsPresent => Directory.Exists(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"));

    /// <summary>The build to compare with: the strongest that uses no more than the instruction set.</summary>
    public static AvxLevel LevelFor(InstructionSet isa) => isa switch
    {
        InstructionSet.Portable => AvxLevel.None,
        InstructionSet.Avx2 or InstructionSet.AvxVnni => AvxLevel.Avx2,
        _ => AvxLevel.Avx512,
    };

    /// <summary>Loads the library; does nothing if one is loaded already.</summary>
    /// <returns>The features that the loaded build reports.</returns>
    /// <exception cref="ModelException">There is no library beside this program, or it cannot be loaded.</exception>
    public static string Load(AvxLevel level)
    {
        try
        {
            if (!NativeLibraryConfig.LLama.LibraryHasLoaded)
            {
                NativeLibraryConfig.LLama.WithCuda(false).WithVulkan(false).WithAutoFallback(false).WithAvx(level).WithSearchDirectory(AppContext.BaseDirectory);
                // It writes hundreds of lines while it loads a model. Errors are reported as exceptions too.
                NativeLibraryConfig.LLama.WithLogCallback(static (severity, message) =>
                {
                    if (severity == LLamaLogLevel.Error)
                    {
                        Console.Error.Write(message);
                    }
                });
            }

            NativeApi.llama_empty_call();
            return Marshal.PtrToStringUTF8(NativeApi.llama_print_system_info()) ?? "";
        }
        catch (Exception e) when (e is TypeInitializationException or RuntimeError or DllNotFoundException)
        {
            throw new ModelException("llama.cpp's library cannot be loaded; `bench/peers/run` builds this program with it.", e);
        }
    }
}
