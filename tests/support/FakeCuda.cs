using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HunyuanOrleans.TestSupport;

/// <summary>A driver library of CUDA without a GPU, built from tests/cuda/Driver/fake_cuda.c. Each instance is a library with its own state.</summary>
public sealed class FakeCuda : IDisposable
{
    /// <summary>Why tests with the library are skipped.</summary>
    public const string NotBuilt = "There is no C compiler (cc) for the fake driver, or the system is Windows.";

    private static readonly ConcurrentDictionary<string, Lazy<byte[]?>> Builds = new(StringComparer.Ordinal);

    private readonly TempFolder _folder = new();
    private readonly nint _library;

    private FakeCuda(byte[] library)
    {
        File.WriteAllBytes(Library, library);
        _library = NativeLibrary.Load(Library);
    }

    private delegate nint LogFunction();

    private delegate void FailFunction([MarshalAs(UnmanagedType.LPUTF8Str)] string function, int result);

    private delegate int ContextsFunction();

    private delegate nint UsedFunction();

    /// <summary>The folder of the library, for LD_LIBRARY_PATH.</summary>
    public string Folder => _folder.Root;

    /// <summary>The path of the library.</summary>
    public string Library => _folder.File("libcuda.so.1");

    /// <summary>The calls so far, such as "cuMemAlloc_v2(1024)".</summary>
    public string[] Calls => Marshal.PtrToStringUTF8(Export<LogFunction>("fake_log")())!.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Number of contexts that are in use, each counted as often as it was retained.</summary>
    public int Contexts => Export<ContextsFunction>("fake_contexts")();

    /// <summary>Bytes of device memory that are allocated.</summary>
    public long UsedBytes => Export<UsedFunction>("fake_used")();

    /// <summary>Builds the library; null if there is no compiler.</summary>
    /// <param name="options">Options of the compiler, such as -DDEVICES=0.</param>
    public static FakeCuda? Create(params string[] options) =>
        Builds.GetOrAdd(string.Join(' ', options), _ => new Lazy<byte[]?>(() => Build(options))).Value is { } library ? new FakeCuda(library) : null;

    /// <summary>Lets the next call of a function fail.</summary>
    public void Fail(string function, int result) => Export<FailFunction>("fake_fail")(function, result);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeLibrary.Free(_library);
        _folder.Dispose();
    }

    private static byte[]? Build(string[] options)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        using TempFolder folder = new();
        string output = folder.File("fake");
        string source = Path.Combine(TestPaths.Root, "tests", "cuda", "Driver", "fake_cuda.c");
        try
        {
            using Process compiler = Process.Start(
                new ProcessStartInfo("cc", ["-shared", "-fPIC", "-O1", "-pthread", .. options, "-o", output, source]) { RedirectStandardError = true })!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? File.ReadAllBytes(output) : throw new InvalidOperationException(errors);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private T Export<T>(string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(_library, name));
}
