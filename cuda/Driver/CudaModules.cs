using System.Runtime.InteropServices;
using System.Text;

namespace HunyuanOrleans.Cuda.Driver;

/// <summary>The modules that a driver has loaded. Thread-safe. The caller enters the context.</summary>
internal sealed unsafe class CudaModules(CudaLibrary library, CudaContext context, int maxSharedBytes)
{
    // Options of the compiler and attributes of functions as cuda.h numbers them.
    private const int ErrorLogBuffer = 5;
    private const int ErrorLogBufferBytes = 6;
    private const int MaxDynamicSharedBytes = 8;

    private const int LogBytes = 16 * 1024;

    // Launches may ask for this much without an attribute of the function.
    private const int PlainSharedBytes = 48 * 1024;

    private readonly List<nint> _modules = [];
    private readonly Lock _gate = new();

    /// <summary>Compiles a module and finds its entry.</summary>
    public nint Load(string ptx, string entry, int sharedBytes)
    {
        if (sharedBytes > maxSharedBytes)
        {
            throw new CudaException(
                $"{context.Name}: {entry} needs {sharedBytes:N0} bytes of shared memory for a block, and the device has {maxSharedBytes:N0}.");
        }

        nint module = Compile(ptx, entry);
        lock (_gate)
        {
            _modules.Add(module);
        }

        nint function;
        fixed (byte* name = Encoding.UTF8.GetBytes(entry + '\0'))
        {
            context.Check(library.ModuleGetFunction(&function, module, name), $"Finding the entry {entry}");
        }

        if (sharedBytes > PlainSharedBytes)
        {
            context.Check(library.FuncSetAttribute(function, MaxDynamicSharedBytes, sharedBytes), $"Reserving shared memory for {entry}");
        }

        return function;
    }

    /// <summary>Unloads all modules. Errors are ignored: they are those of earlier work, and the driver is closed.</summary>
    public void Unload()
    {
        lock (_gate)
        {
            foreach (nint module in _modules)
            {
                _ = library.ModuleUnload(module);
            }

            _modules.Clear();
        }
    }

    private nint Compile(string ptx, string entry)
    {
        byte[] log = new byte[LogBytes];
        nint module;
        int result;
        fixed (byte* text = Encoding.UTF8.GetBytes(ptx + '\0'), buffer = log)
        {
            // The value of an option lies in the pointer itself if it fits.
            int* options = stackalloc int[] { ErrorLogBuffer, ErrorLogBufferBytes };
            nint* values = stackalloc nint[] { (nint)buffer, LogBytes };
            result = library.ModuleLoadDataEx(&module, text, 2, options, values);
            if (result == CudaResult.Success)
            {
                return module;
            }

            // The last byte stays zero, whatever the driver wrote.
            log[^1] = 0;
            string messages = Marshal.PtrToStringUTF8((nint)buffer)!.Trim();
            context.Check(result, $"Compiling {entry}", messages);
            return module;
        }
    }
}
